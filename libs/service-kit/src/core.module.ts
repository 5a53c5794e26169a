import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { CLOCK } from '@daftari/kernel';
import { Inbox, Outbox } from '@daftari/messaging';
import { CONFIG } from './config/load-config.js';
import { EVENT_STORE } from './event-sourcing.js';
import { LOGGER } from './logging.js';
import { Database } from './persistence/database.js';
import { ServiceHttp } from './resilience/service-http.js';
import type { Resources } from './resources.js';
import { Tenants } from './tenants.js';
import { CORE_CONTROLLERS } from './topics.js';

/** Injection token of the bus (Bus of messaging). */
export const BUS = Symbol('Bus');

/** What every service can inject. */
@Global()
@Module({})
export class CoreModule {
  static with(service: Type, resources: Resources): DynamicModule {
    const provided = [
      { provide: CONFIG, useValue: resources.config },
      { provide: LOGGER, useValue: resources.logger },
      { provide: CLOCK, useValue: { now: () => new Date() } },
      { provide: Database, useValue: resources.db },
      { provide: EVENT_STORE, useValue: resources.store ?? null },
      { provide: BUS, useValue: resources.bus },
      { provide: Outbox, useValue: resources.outbox },
      { provide: Inbox, useValue: new Inbox() },
    ];
    return {
      module: CoreModule,
      imports: [service],
      controllers: [...CORE_CONTROLLERS],
      providers: [...provided, ServiceHttp, Tenants],
      exports: [...provided.map((p) => p.provide), ServiceHttp, Tenants],
    };
  }
}
