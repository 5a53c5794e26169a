import { IsInt, IsNotEmpty, IsOptional, IsString, Max, Min } from 'class-validator';
import { Env } from '@daftari/service-kit';

/** The launcher's own settings; everything else it makes itself and keeps in the data folder. */
export class StandaloneConfig {
  @Env({
    description: 'Folder in which the embedded platform keeps everything',
    example: '.data',
    default: '.data',
  })
  @IsNotEmpty()
  DATA_DIR: string;

  @Env({
    description: 'First port of the embedded platform: the gateway; the others follow',
    example: '3000',
    default: 3_000,
  })
  @IsInt()
  @Min(1_024)
  @Max(65_000)
  PORT_BASE: number;

  @Env({
    description: 'Password of the demo users; made at the first start when empty',
    example: '',
    default: '',
  })
  @IsString()
  @IsOptional()
  SEED_PASSWORD: string;

  @Env({
    description: 'Processes of each service and of the gateway; more than one share the work',
    example: '2',
    default: 1,
  })
  @IsInt()
  @Min(1)
  @Max(4)
  INSTANCES: number;

  @Env({
    description: 'Redis that the gateways share limits and ended sessions in; empty: none',
    example: 'redis://127.0.0.1:6379',
    default: '',
    secret: true,
  })
  @IsString()
  REDIS_URL: string;

  @Env({ description: 'Level of the services in the log files', example: 'info', default: 'info' })
  @IsNotEmpty()
  LOG_LEVEL: string;

  @Env({
    description:
      'JSON file with more environment by process, read at every start of a process; for tests of faults',
    example: '',
    default: '',
  })
  @IsString()
  @IsOptional()
  OVERRIDES_FILE: string;

  @Env({
    description:
      'Port at which the services reach the database when something stands between, as a test of faults does; 0 for none',
    example: '0',
    default: 0,
  })
  @IsInt()
  @Min(0)
  @Max(65_535)
  DATABASE_PROXY_PORT: number;
}
