import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { deterministicId } from '@daftari/kernel';
import { CONFIG, ROLES } from '@daftari/service-kit';
import type { IdentityConfig } from '../config.js';
import { Users } from '../users/users.js';
import { Tenancy } from './tenancy.js';

/** The demo tenant with one user per role, made once. */
@Injectable()
export class Seed implements OnApplicationBootstrap {
  constructor(
    @Inject(CONFIG) private readonly config: IdentityConfig,
    private readonly tenancy: Tenancy,
    private readonly users: Users,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.SEED_DEMO) return;
    const id = deterministicId('tenant', 'demo');
    await this.tenancy.ensure(
      {
        id,
        slug: 'demo',
        name: 'Demo Lender',
        timeZone: 'Africa/Nairobi',
        currency: 'KES',
        offsetDays: 0,
      },
      'seed',
    );
    for (const [index, role] of ROLES.entries()) {
      const email = `${role}@demo.daftari.test`;
      if (await this.users.find('demo', email)) continue;
      const user = {
        email,
        password: this.config.SEED_PASSWORD,
        name: `Demo ${role}`,
        phone: `25470000000${String(index + 1)}`,
        roles: [role],
        emailVerified: true,
      };
      await this.users.create(id, user, 'seed', deterministicId('user', 'demo', role));
    }
  }
}
