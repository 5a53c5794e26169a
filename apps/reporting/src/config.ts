import { BaseConfig, Env } from '@daftari/service-kit';
import { IsInt, Max, Min } from 'class-validator';

/** What reporting reads from its environment. */
export class ReportingConfig extends BaseConfig {
  @Env({ description: 'Port to listen on; 0 picks a free one', example: '3006', default: 3006 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  override PORT: number;
}
