import { IsInt, IsNotEmpty, IsString, IsUrl, Max, Min } from 'class-validator';
import { BaseConfig, Env, realProvider } from '@daftari/service-kit';

/** The environment of the notifications service. */
export class NotificationsConfig extends BaseConfig {
  @Env({ description: 'Port to listen on; 0 picks a free one', example: '3005', default: 3005 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  declare PORT: number;

  @Env({
    description: 'SMTP server that mails go out by',
    example: '127.0.0.1',
    default: '127.0.0.1',
  })
  @IsNotEmpty()
  SMTP_HOST: string;

  @Env({ description: 'Port of the SMTP server', example: '3025', default: 3025 })
  @IsInt()
  @Min(1)
  @Max(65_535)
  SMTP_PORT: number;

  @Env({ description: 'SMTP user; empty for none', example: '', default: '' })
  @IsString()
  SMTP_USER: string;

  @Env({ description: 'SMTP password; empty for none', example: '', default: '', secret: true })
  @IsString()
  SMTP_PASSWORD: string;

  @Env({
    description: 'Sender of mails',
    example: 'Daftari <no-reply@daftari.test>',
    default: 'Daftari <no-reply@daftari.test>',
  })
  @IsNotEmpty()
  MAIL_FROM: string;

  @Env({
    description: "Base address of Africa's Talking (SMS)",
    example: 'https://api.sandbox.africastalking.com',
    default: 'http://127.0.0.1:3090',
    rules: [realProvider],
  })
  @IsUrl({ require_tld: false, require_protocol: true })
  SMS_BASE_URL: string;

  @Env({ description: "User name at Africa's Talking", example: 'sandbox', default: 'sandbox' })
  @IsNotEmpty()
  SMS_USERNAME: string;

  @Env({
    description: "API key at Africa's Talking",
    example: 'your-key',
    default: 'sandbox-key',
    secret: true,
  })
  @IsNotEmpty()
  SMS_API_KEY: string;

  @Env({
    description: 'How often the worker of each queue looks for due jobs, in milliseconds',
    example: '200',
    default: 200,
  })
  @IsInt()
  @Min(20)
  DELIVERY_POLL_MS: number;

  @Env({
    description:
      'How often one delivery is tried before it is given up; 30 outlasts half a day without a server',
    example: '30',
    default: 30,
  })
  @IsInt()
  @Min(1)
  DELIVERY_ATTEMPTS_MAX: number;

  @Env({
    description: 'Jobs of the queue high that run at a time; 0 leaves the queue to other instances',
    example: '10',
    default: 10,
  })
  @IsInt()
  @Min(0)
  @Max(100)
  JOBS_HIGH_AT_ONCE: number;

  @Env({ description: 'The same for the queue medium', example: '10', default: 10 })
  @IsInt()
  @Min(0)
  @Max(100)
  JOBS_MEDIUM_AT_ONCE: number;

  @Env({ description: 'The same for the queue low', example: '5', default: 5 })
  @IsInt()
  @Min(0)
  @Max(100)
  JOBS_LOW_AT_ONCE: number;
}
