import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { EdgeConfig } from './edge-config.js';
import { Env, ownVariables } from './env.js';

const onKafka = ({ BUS }: { BUS: string }): boolean => BUS === 'kafka';
const withSasl = (config: { BUS: string; KAFKA_SASL_MECHANISM: string }): boolean =>
  onKafka(config) && config.KAFKA_SASL_MECHANISM !== '';

/** Which bus is used, and how Kafka is reached. */
export class BusConfig extends EdgeConfig {
  @Env({ description: 'Bus driver: pg or kafka', example: 'pg', default: 'pg' })
  @IsIn(['pg', 'kafka'])
  BUS: 'pg' | 'kafka';

  @Env({
    description:
      'Makes the topics that are missing when a service starts; false: waits for `main.js topics` to have made them',
    example: 'false',
    default: true,
  })
  @IsBoolean()
  BUS_CREATE_TOPICS: boolean;

  @Env({
    description: 'Kafka brokers, host:port, comma separated; needed when BUS is kafka',
    example: 'kafka-1:9092,kafka-2:9092,kafka-3:9092',
    default: '',
  })
  @ValidateIf(onKafka)
  @Matches(/^[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*$/, {
    message: 'KAFKA_BROKERS must be host:port[,host:port...]',
  })
  KAFKA_BROKERS: string;

  @Env({
    description: 'TLS to the brokers',
    example: 'true',
    default: false,
  })
  @IsBoolean()
  KAFKA_SSL: boolean;

  @Env({
    description:
      'PEM file with the authority that signed the certificates of the brokers, when it is a private one',
    example: '/run/secrets/kafka_ca.pem',
    default: '',
  })
  @IsString()
  KAFKA_SSL_CA: string;

  @Env({
    description: 'How to log in to Kafka: plain, scram-sha-256, scram-sha-512; empty: not at all',
    example: 'scram-sha-512',
    default: '',
  })
  @IsIn(['', 'plain', 'scram-sha-256', 'scram-sha-512'])
  KAFKA_SASL_MECHANISM: '' | 'plain' | 'scram-sha-256' | 'scram-sha-512';

  @Env({ description: 'Kafka user', example: 'daftari', default: '' })
  @ValidateIf(withSasl)
  @IsNotEmpty()
  KAFKA_SASL_USERNAME: string;

  @Env({ description: 'Password of the Kafka user', example: '', default: '', secret: true })
  @IsString()
  @ValidateIf(withSasl)
  @IsNotEmpty()
  KAFKA_SASL_PASSWORD: string;

  @Env({
    description: 'Copies of each topic that is made; 3 on a cluster of three or more brokers',
    example: '3',
    default: 1,
  })
  @IsInt()
  @Min(1)
  @Max(7)
  KAFKA_REPLICATION_FACTOR: number;
}

/** The names of these variables. */
export const BUS_VARIABLES = ownVariables(BusConfig) as readonly Exclude<
  keyof BusConfig,
  keyof EdgeConfig
>[];
