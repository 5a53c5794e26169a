import { IsBoolean, IsString, IsUrl, Matches } from 'class-validator';
import { BaseConfig, Env, offInProduction, strongKey } from '@daftari/service-kit';

/** The environment of the identity service. */
export class IdentityConfig extends BaseConfig {
  @Env({
    description: 'Key that signing keys are encrypted with at rest: 64 hex digits',
    example: '64 hex digits',
    secret: true,
    rules: [strongKey],
  })
  @Matches(/^[0-9a-f]{64}$/)
  KEY_ENCRYPTION_KEY: string;

  @Env({
    description: 'Address of the gateway as people reach it; used in links of mails',
    example: 'http://127.0.0.1:3000',
    default: 'http://127.0.0.1:3000',
  })
  @IsUrl({ require_tld: false, require_protocol: true })
  PUBLIC_URL: string;

  @Env({
    description: 'Makes a demo tenant with one user per role; refused in production',
    example: 'false',
    default: false,
    rules: [offInProduction],
  })
  @IsBoolean()
  SEED_DEMO: boolean;

  @Env({ description: 'Password of the demo users', example: '', default: '', secret: true })
  @IsString()
  SEED_PASSWORD: string;
}
