import { IsBoolean, IsIn, IsInt, IsNotEmpty, Matches, Max, Min, ValidateIf } from 'class-validator';
import { CRASH_AT_FORM } from '../crash-at.js';
import { BusConfig } from './bus-config.js';
import { emptyInProduction, Env, offInProduction } from './env.js';

/** What every service with a database and the bus reads. */
export class BaseConfig extends BusConfig {
  @Env({
    description: "The service's own PostgreSQL database",
    example: 'postgres://ledger:secret@127.0.0.1:5432/ledger',
    secret: true,
  })
  @IsNotEmpty()
  DATABASE_URL: string;

  @Env({
    description:
      'Most connections of one process to its database; relays, listeners and projections take up to three',
    example: '10',
    default: 10,
  })
  @IsInt()
  @Min(4)
  @Max(100)
  DATABASE_POOL_MAX: number;

  @Env({
    description:
      "Where the events of event-sourced services are kept: pg (the service's own database) or eventstoredb",
    example: 'pg',
    default: 'pg',
  })
  @IsIn(['pg', 'eventstoredb'])
  EVENT_STORE: 'pg' | 'eventstoredb';

  @Env({
    description:
      'Address of EventStoreDB or KurrentDB (23.10 or newer); only with EVENT_STORE=eventstoredb',
    example: 'esdb://admin:secret@127.0.0.1:2113?tls=true',
    secret: true,
  })
  @ValidateIf((config: BaseConfig) => config.EVENT_STORE === 'eventstoredb')
  @Matches(/^(esdb|kurrentdb)(\+discover)?:\/\/\S+$/, {
    message: 'must begin with esdb:// or kurrentdb://',
  })
  EVENTSTORE_URL?: string;

  @Env({
    description:
      'Client of the event store: eventstore (@eventstore/db-client) or kurrent (@kurrent/kurrentdb-client)',
    example: 'eventstore',
    default: 'eventstore',
  })
  @IsIn(['eventstore', 'kurrent'])
  EVENTSTORE_CLIENT: 'eventstore' | 'kurrent';

  @Env({
    description:
      'What the streams of this installation begin with in the event store, before the name of the service',
    example: 'daftari',
    default: 'daftari',
  })
  @Matches(/^[a-z0-9_]{1,40}$/)
  EVENTSTORE_NAMESPACE: string;

  @Env({
    description: 'PostgreSQL database of the bus; needed when BUS is pg',
    example: 'postgres://bus:secret@127.0.0.1:5432/bus',
    secret: true,
  })
  @ValidateIf(({ BUS }: { BUS: string }) => BUS === 'pg')
  @IsNotEmpty()
  BUS_URL: string;

  @Env({
    description:
      'Days that the bus keeps messages (the pg bus: those that every consumer has read)',
    example: '90',
    default: 90,
  })
  @IsInt()
  @Min(1)
  @Max(3_650)
  BUS_RETENTION_DAYS: number;

  @Env({
    description:
      'Days that a service remembers the messages it has handled; must outlast BUS_RETENTION_DAYS',
    example: '120',
    default: 120,
  })
  @IsInt()
  @Min(2)
  @Max(3_650)
  INBOX_RETENTION_DAYS: number;

  @Env({
    description: 'Days that answers are kept under their Idempotency-Key',
    example: '7',
    default: 7,
  })
  @IsInt()
  @Min(1)
  @Max(365)
  IDEMPOTENCY_RETENTION_DAYS: number;

  @Env({
    description: 'How often old rows are purged, in milliseconds',
    example: '3600000',
    default: 3_600_000,
  })
  @IsInt()
  @Min(1_000)
  PURGE_EVERY_MS: number;

  @Env({
    description: 'Allows an operator to move the business date forward; refused in production',
    example: 'false',
    default: false,
    rules: [offInProduction],
  })
  @IsBoolean()
  TEST_MODE: boolean;

  @Env({
    description:
      'Ends the process at a named place, for tests of faults: `append-after:3` at its third passing; refused in production',
    example: '',
    default: '',
    rules: [emptyInProduction],
  })
  @Matches(CRASH_AT_FORM)
  CRASH_AT: string;
}
