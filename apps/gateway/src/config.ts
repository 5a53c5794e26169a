import { IsInt, IsString, Matches, Min } from 'class-validator';
import { EdgeConfig, Env, notEmpty } from '@daftari/service-kit';

/** One address, or one for each instance, comma separated. */
const URL_RULE = /^https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*$/;
const REDIS_RULE = /^(rediss?:\/\/([^\s@/]*@)?([^\s@/:]+|\[[\da-f:]+\])(:\d{1,5})?(\/\d*)?)?$/;

/** The environment of the gateway. */
export class GatewayConfig extends EdgeConfig {
  @Env({
    description: 'Address of identity; here and below: one for each instance, comma separated',
    example: 'http://127.0.0.1:3001',
    default: 'http://127.0.0.1:3001',
  })
  @Matches(URL_RULE)
  IDENTITY_URL: string;

  @Env({
    description: 'Address of origination',
    example: 'http://127.0.0.1:3002',
    default: 'http://127.0.0.1:3002',
  })
  @Matches(URL_RULE)
  ORIGINATION_URL: string;

  @Env({
    description: 'Address of the ledger',
    example: 'http://127.0.0.1:3003',
    default: 'http://127.0.0.1:3003',
  })
  @Matches(URL_RULE)
  LEDGER_URL: string;

  @Env({
    description: 'Address of payments',
    example: 'http://127.0.0.1:3004',
    default: 'http://127.0.0.1:3004',
  })
  @Matches(URL_RULE)
  PAYMENTS_URL: string;

  @Env({
    description: 'Address of notifications',
    example: 'http://127.0.0.1:3005',
    default: 'http://127.0.0.1:3005',
  })
  @Matches(URL_RULE)
  NOTIFICATIONS_URL: string;

  @Env({
    description: 'Address of reporting',
    example: 'http://127.0.0.1:3006',
    default: 'http://127.0.0.1:3006',
  })
  @Matches(URL_RULE)
  REPORTING_URL: string;

  @Env({
    description: 'Longest wait for a service, in milliseconds',
    example: '15000',
    default: 15_000,
  })
  @IsInt()
  @Min(100)
  UPSTREAM_TIMEOUT_MS: number;

  @Env({ description: 'Requests a minute of one user or address', example: '3000', default: 3_000 })
  @IsInt()
  @Min(1)
  RATE_PER_MINUTE: number;

  @Env({
    description: 'Logins, registrations and refreshes a minute from one address',
    example: '300',
    default: 300,
  })
  @IsInt()
  @Min(1)
  AUTH_RATE_PER_MINUTE: number;

  @Env({
    description:
      'Redis that gateways share limits and ended sessions in, redis:// or rediss://; empty: each gateway for itself',
    example: 'redis://:secret@127.0.0.1:6379',
    default: '',
    secret: true,
  })
  @Matches(REDIS_RULE, { message: 'must be redis[s]://[[user]:password@]host[:port][/database]' })
  REDIS_URL: string;

  @Env({
    description:
      'Hosts that the API is reached under, comma separated; empty: any, refused in staging and production',
    example: 'api.example.com',
    default: '',
    rules: [notEmpty],
  })
  @IsString()
  ALLOWED_HOSTS: string;

  @Env({
    description: 'Origins that browsers may call from, comma separated; empty: none',
    example: 'https://console.example.com',
    default: '',
  })
  @IsString()
  CORS_ORIGINS: string;

  @Env({
    description:
      'Addresses or networks of reverse proxies whose X-Forwarded-For is believed, comma separated; empty: none',
    example: '172.16.0.0/12',
    default: '',
  })
  @IsString()
  TRUSTED_PROXIES: string;
}
