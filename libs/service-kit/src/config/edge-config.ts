import {
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  IsUrl,
  Max,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';
import { Env, strongKey } from './env.js';

const LOCAL_URL = { require_tld: false, require_protocol: true };

/** What every process reads, with or without a database. */
export class EdgeConfig {
  @Env({
    description: 'Which settings apply: development, test, staging or production',
    example: 'development',
    default: 'development',
  })
  @IsIn(['development', 'test', 'staging', 'production'])
  NODE_ENV: 'development' | 'test' | 'staging' | 'production';

  @Env({ description: 'Address to listen on', example: '127.0.0.1', default: '127.0.0.1' })
  @IsString()
  HOST: string;

  @Env({ description: 'Port to listen on; 0 picks a free one', example: '3000', default: 0 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  PORT: number;

  @Env({
    description: 'Lowest level that is logged; debug is refused in production',
    example: 'info',
    default: 'info',
    rules: [
      {
        in: ['production'],
        problem: (value) => (value === 'debug' ? 'must not be debug' : undefined),
      },
    ],
  })
  @IsIn(['debug', 'info', 'warn', 'error', 'silent'])
  LOG_LEVEL: string;

  @Env({
    description: 'Where the public keys of access tokens are read',
    example: 'http://127.0.0.1:3001/v1/auth/jwks',
    default: 'http://127.0.0.1:3001/v1/auth/jwks',
  })
  @IsUrl(LOCAL_URL)
  JWKS_URL: string;

  @Env({
    description: 'Issuer that access tokens must name',
    example: 'daftari',
    default: 'daftari',
  })
  @IsNotEmpty()
  JWT_ISSUER: string;

  @Env({
    description: 'Shared key of calls between services; at least 32 characters',
    example: 'a-long-random-string-of-32-characters-or-more',
    secret: true,
    rules: [strongKey],
  })
  @MinLength(32)
  INTERNAL_KEY: string;

  @Env({ description: 'Largest request body in bytes', example: '1048576', default: 1_048_576 })
  @IsInt()
  @Min(1_024)
  BODY_LIMIT_BYTES: number;

  @Env({
    description: 'Base address that spans are sent to by OTLP over HTTP; empty: none are recorded',
    example: 'http://127.0.0.1:4318',
    default: '',
  })
  @ValidateIf((config: EdgeConfig) => config.OTEL_EXPORTER_OTLP_ENDPOINT !== '')
  @IsUrl(LOCAL_URL)
  OTEL_EXPORTER_OTLP_ENDPOINT: string;

  @Env({
    description:
      'Share of new traces that are recorded; a trace that was begun elsewhere keeps its mark',
    example: '0.1',
    default: 1,
  })
  @Min(0)
  @Max(1)
  OTEL_TRACES_SAMPLER_ARG: number;
}
