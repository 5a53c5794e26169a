import { IsInt, IsUrl, Max, Min } from 'class-validator';
import { BaseConfig, Env } from '@daftari/service-kit';

/** The environment of the origination service. */
export class OriginationConfig extends BaseConfig {
  @Env({ description: 'Port to listen on; 0 picks a free one', example: '3002', default: 3002 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  declare PORT: number;

  @Env({
    description: 'Base address of the identity service, for figures of a customer',
    example: 'http://127.0.0.1:3001',
    default: 'http://127.0.0.1:3001',
  })
  @IsUrl({ require_tld: false, require_protocol: true })
  IDENTITY_URL: string;
}
