import { Inject, Injectable } from '@nestjs/common';
import { tenantChanged } from '@daftari/contracts';
import {
  addDays,
  CLOCK,
  type Clock,
  daysBetween,
  type LocalDate,
  localDateIn,
  NotFound,
  Rejected,
} from '@daftari/kernel';
import { Outbox } from '@daftari/messaging';
import { Database, messageFrom, newId, type Tx } from '@daftari/service-kit';
import { TenantEntity } from '../persistence/entities.js';

/** Tenants and their business dates. */
@Injectable()
export class Tenancy {
  constructor(
    private readonly db: Database,
    private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async bySlug(slug: string): Promise<TenantEntity> {
    const tenant = await this.db.dataSource.getRepository(TenantEntity).findOneBy({ slug });
    if (!tenant) throw new NotFound('tenant');
    return tenant;
  }

  async byId(id: string): Promise<TenantEntity> {
    const tenant = await this.db.dataSource.getRepository(TenantEntity).findOneBy({ id });
    if (!tenant) throw new NotFound('tenant');
    return tenant;
  }

  /** The tenant's business date and the date of its clock. */
  async dates(id: string): Promise<{ date: LocalDate; clockDate: LocalDate }> {
    const tenant = await this.byId(id);
    const clockDate = localDateIn(this.clock.now(), tenant.timeZone);
    return { date: addDays(clockDate, tenant.offsetDays), clockDate };
  }

  /** Makes a tenant once; false when there is one with this id or slug. */
  async ensure(tenant: TenantEntity, correlationId: string): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const made = await tx.manager
        .createQueryBuilder()
        .insert()
        .into(TenantEntity)
        .values(tenant)
        .orIgnore()
        .returning('id')
        .execute();
      const isNew = (made.raw as unknown[]).length > 0;
      if (isNew) await this.publish(tx, tenant.id, correlationId);
      return isNew;
    });
  }

  /** Moves the business date forward, never back. */
  async advance(id: string, to: LocalDate, correlationId: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const tenant = await tx.manager.findOneOrFail(TenantEntity, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      const offsetDays = daysBetween(localDateIn(this.clock.now(), tenant.timeZone), to);
      if (offsetDays < tenant.offsetDays)
        throw new Rejected('business-date/only-forward', 'The business date never moves back', 409);
      await tx.manager.update(TenantEntity, { id }, { offsetDays });
      await this.publish(tx, id, correlationId);
    });
  }

  private async publish(tx: Tx, id: string, correlationId: string): Promise<void> {
    const { name, timeZone, currency, offsetDays } = await tx.manager.findOneByOrFail(
      TenantEntity,
      { id },
    );
    const data = { tenantId: id, name, timeZone, currency, businessDateOffsetDays: offsetDays };
    await this.outbox.add(
      tx.client,
      messageFrom(tenantChanged, {
        id: newId(),
        key: id,
        tenantId: id,
        correlationId,
        source: '/daftari/identity',
        time: this.clock.now(),
        data,
      }),
    );
  }
}
