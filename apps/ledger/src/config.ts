import { BaseConfig, Env } from '@daftari/service-kit';
import { IsInt, Max, Min } from 'class-validator';

/** What the ledger reads from its environment. */
export class LedgerConfig extends BaseConfig {
  @Env({ description: 'Port to listen on; 0 picks a free one', example: '3003', default: 3003 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  override PORT: number;
}
