import { IsInt, IsNotEmpty, IsUUID, IsUrl, Max, Min, MinLength } from 'class-validator';
import { deterministicId } from '@daftari/kernel';
import { BaseConfig, Env, realProvider, strongKey } from '@daftari/service-kit';

const URL_RULE = { require_tld: false, require_protocol: true };

/** The environment of the payments service. */
export class PaymentsConfig extends BaseConfig {
  @Env({ description: 'Port to listen on; 0 picks a free one', example: '3004', default: 3004 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  declare PORT: number;

  @Env({
    description:
      'Base address of Daraja: https://sandbox.safaricom.co.ke, https://api.safaricom.co.ke, or a simulator',
    example: 'https://sandbox.safaricom.co.ke',
    default: 'https://sandbox.safaricom.co.ke',
    rules: [realProvider],
  })
  @IsUrl(URL_RULE)
  DARAJA_BASE_URL: string;

  @Env({ description: 'Consumer key of the Daraja app', example: 'key', secret: true })
  @IsNotEmpty()
  DARAJA_CONSUMER_KEY: string;

  @Env({ description: 'Consumer secret of the Daraja app', example: 'secret', secret: true })
  @IsNotEmpty()
  DARAJA_CONSUMER_SECRET: string;

  @Env({ description: 'Paybill that customers pay to', example: '174379' })
  @IsNotEmpty()
  DARAJA_SHORTCODE: string;

  @Env({ description: 'Pass key of the paybill (STK push)', example: 'pass key', secret: true })
  @IsNotEmpty()
  DARAJA_PASSKEY: string;

  @Env({ description: 'Bulk disbursement shortcode that payouts come from', example: '600000' })
  @IsNotEmpty()
  DARAJA_B2C_SHORTCODE: string;

  @Env({ description: 'API operator of the disbursement shortcode', example: 'apiop' })
  @IsNotEmpty()
  DARAJA_INITIATOR_NAME: string;

  @Env({
    description: "The API operator's password; lapses after 90 days",
    example: 'password',
    secret: true,
  })
  @IsNotEmpty()
  DARAJA_INITIATOR_PASSWORD: string;

  @Env({
    description: "Safaricom's certificate or public key: PEM text, a file, or an address",
    example: 'daraja-sandbox.pem',
  })
  @IsNotEmpty()
  DARAJA_CERTIFICATE: string;

  @Env({
    description:
      'Public address of our callbacks, the token included; must not contain words like mpesa',
    example: 'https://pay.example.com/hooks/daraja/<token>',
  })
  @IsUrl(URL_RULE)
  DARAJA_CALLBACK_BASE_URL: string;

  @Env({
    description: 'Unguessable token in the path of callbacks',
    example: '32 hex digits',
    secret: true,
    rules: [strongKey],
  })
  @MinLength(16)
  DARAJA_HOOK_TOKEN: string;

  @Env({
    description: 'Tenant whose money this merchant account moves',
    example: 'a tenant id',
    default: deterministicId('tenant', 'demo'),
  })
  @IsUUID()
  DARAJA_TENANT_ID: string;

  @Env({
    description: 'Longest wait for a provider, in milliseconds',
    example: '30000',
    default: 30_000,
  })
  @IsInt()
  @Min(100)
  PROVIDER_TIMEOUT_MS: number;

  @Env({
    description: 'First look at a pending payment or payout, in milliseconds; later ones double',
    example: '20000',
    default: 20_000,
  })
  @IsInt()
  @Min(50)
  POLL_FIRST_MS: number;

  @Env({
    description: 'Longest time between two looks, in milliseconds',
    example: '3600000',
    default: 3_600_000,
  })
  @IsInt()
  @Min(100)
  POLL_MAX_MS: number;

  @Env({
    description: 'A prompt without any result is given up after this time, in milliseconds',
    example: '3600000',
    default: 3_600_000,
  })
  @IsInt()
  @Min(100)
  PAYMENT_EXPIRES_MS: number;

  @Env({
    description:
      'A payout of unknown outcome is sent again under the same id after this time, in milliseconds',
    example: '900000',
    default: 900_000,
  })
  @IsInt()
  @Min(1_000)
  PAYOUT_RESEND_AFTER_MS: number;

  @Env({
    description: 'A payout without a result is shown to people after this time, in milliseconds',
    example: '86400000',
    default: 86_400_000,
  })
  @IsInt()
  @Min(100)
  PAYOUT_REVIEW_AFTER_MS: number;

  @Env({
    description:
      'How often a callback that matches nothing is tried before people see it; 7 takes an hour',
    example: '7',
    default: 7,
  })
  @IsInt()
  @Min(0)
  @Max(7)
  CALLBACK_RETRIES_MAX: number;

  @Env({
    description: 'How often work is tried before it is put aside for people',
    example: '20',
    default: 20,
  })
  @IsInt()
  @Min(1)
  TASK_ATTEMPTS_MAX: number;

  @Env({
    description: 'How often due work is looked for, in milliseconds',
    example: '100',
    default: 100,
  })
  @IsInt()
  @Min(20)
  TASK_POLL_MS: number;
}
