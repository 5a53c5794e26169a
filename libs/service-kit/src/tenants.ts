import { Controller, Inject, Injectable } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type TenantChanged, tenantChanged, TOPIC } from '@daftari/contracts';
import { addDays, CLOCK, type Clock, type LocalDate, localDateIn, NotFound } from '@daftari/kernel';
import type { IntegrationMessage } from '@daftari/messaging';
import { Database } from './persistence/database.js';

/** A tenant as every service knows it. */
export interface Tenant {
  readonly tenantId: string;
  readonly name: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly offsetDays: number;
}

const SELECT =
  'select tenant_id as "tenantId", name, time_zone as "timeZone", currency, offset_days as "offsetDays" from tenant_calendar';

/** The tenants and their business dates: the clock's date in the tenant's zone, moved forward in test mode. */
@Injectable()
export class Tenants {
  constructor(
    private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Throws NotFound for a tenant that this service has not heard of. */
  async get(tenantId: string): Promise<Tenant> {
    const { rows } = await this.db.pool.query<Tenant>(`${SELECT} where tenant_id = $1`, [tenantId]);
    const tenant = rows[0];
    if (!tenant) throw new NotFound('tenant');
    return tenant;
  }

  async all(): Promise<Tenant[]> {
    return (await this.db.pool.query<Tenant>(`${SELECT} order by tenant_id`)).rows;
  }

  /** The tenant's business date. */
  async today(tenantId: string): Promise<LocalDate> {
    const { timeZone, offsetDays } = await this.get(tenantId);
    return addDays(localDateIn(this.clock.now(), timeZone), offsetDays);
  }
}

/** Keeps the tenants' calendars. A later setting replaces an earlier one; the business date never moves back. */
@Controller()
export class TenantConsumer {
  constructor(private readonly db: Database) {}

  @EventPattern(TOPIC.tenantV1)
  async onTenant(@Payload() message: IntegrationMessage<TenantChanged>): Promise<void> {
    if (message.type !== tenantChanged.type) return;
    const { tenantId, name, timeZone, currency, businessDateOffsetDays } = message.data;
    await this.db.pool.query(
      `insert into tenant_calendar(tenant_id, name, time_zone, currency, offset_days) values ($1, $2, $3, $4, $5)
       on conflict (tenant_id) do update set name = $2, time_zone = $3, currency = $4, offset_days = greatest(tenant_calendar.offset_days, $5)`,
      [tenantId, name, timeZone, currency, businessDateOffsetDays],
    );
  }
}
