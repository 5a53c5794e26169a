import { IsInt, IsString, Max, Min, validateSync } from 'class-validator';
import { Env, envVariables } from '@daftari/service-kit';

/** The environment of the sandbox. */
export class SandboxConfig {
  @Env({ description: 'Address to listen on', example: '127.0.0.1', default: '127.0.0.1' })
  @IsString()
  HOST: string;

  @Env({ description: 'Port of the simulated HTTP providers', example: '3090', default: 3_090 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  SANDBOX_HTTP_PORT: number;

  @Env({ description: 'Port of the simulated mail server', example: '3025', default: 3_025 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  SANDBOX_SMTP_PORT: number;

  @Env({
    description: 'File that keeps executed money movements over a restart; empty: memory only',
    example: '.data/sandbox.jsonl',
    default: '',
  })
  @IsString()
  SANDBOX_DATA_FILE: string;

  @Env({
    description: 'How long a simulated provider takes before it calls back, in milliseconds',
    example: '150',
    default: 150,
  })
  @IsInt()
  @Min(0)
  SANDBOX_CALLBACK_DELAY_MS: number;

  @Env({
    description: 'How late the callback of a number ending in 903 is, in milliseconds',
    example: '600000',
    default: 600_000,
  })
  @IsInt()
  @Min(0)
  SANDBOX_LATE_CALLBACK_MS: number;

  @Env({
    description: 'How long the answer to a number ending in 921 takes, in milliseconds',
    example: '35000',
    default: 35_000,
  })
  @IsInt()
  @Min(0)
  SANDBOX_SLOW_ANSWER_MS: number;

  @Env({
    description: 'The only consumer key that is taken; empty: any',
    example: '',
    default: '',
  })
  @IsString()
  SANDBOX_CONSUMER_KEY: string;

  @Env({
    description: 'The only consumer secret that is taken; empty: any',
    example: '',
    default: '',
  })
  @IsString()
  SANDBOX_CONSUMER_SECRET: string;

  @Env({
    description: 'How long an access token of the simulated Daraja lasts, in seconds',
    example: '3599',
    default: 3_599,
  })
  @IsInt()
  @Min(1)
  SANDBOX_TOKEN_SECONDS: number;
}

/** Reads the sandbox's settings; throws one line per wrong variable. */
export const sandboxConfig = (env: NodeJS.ProcessEnv): SandboxConfig => {
  const config = new SandboxConfig();
  for (const { name, type, default: fallback } of envVariables(SandboxConfig)) {
    const raw = env[name];
    Object.assign(config, {
      [name]: raw === undefined || raw === '' ? fallback : type === 'number' ? Number(raw) : raw,
    });
  }
  const problems = validateSync(config).map((error) =>
    Object.values(error.constraints ?? {}).join(', '),
  );
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return config;
};
