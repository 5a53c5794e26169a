import { Module } from '@nestjs/common';
import { TOPIC } from '@daftari/contracts';
import type { ServiceDefinition } from '@daftari/service-kit';
import { AuthController } from './auth/auth.controller.js';
import { InternalController } from './auth/internal.controller.js';
import { LoginThrottle } from './auth/login-throttle.js';
import { Passwords } from './auth/passwords.js';
import { Sessions } from './auth/sessions.js';
import { SigningKeys } from './auth/signing-keys.js';
import { IdentityConfig } from './config.js';
import { SessionEntity, TenantEntity, UserEntity } from './persistence/entities.js';
import { identityTables, loginFailures } from './persistence/migrations.js';
import { Seed } from './tenant/seed.js';
import { Tenancy } from './tenant/tenancy.js';
import { TenantController } from './tenant/tenant.controller.js';
import { Users } from './users/users.js';
import { UsersController } from './users/users.controller.js';

@Module({
  controllers: [AuthController, InternalController, TenantController, UsersController],
  providers: [Passwords, LoginThrottle, SigningKeys, Sessions, Users, Tenancy, Seed],
})
class IdentityModule {}

/** The identity service: tenants, users, sessions, roles, the business date. */
export const service: ServiceDefinition<IdentityConfig> = {
  name: 'identity',
  config: IdentityConfig,
  module: IdentityModule,
  migrations: [identityTables, loginFailures],
  entities: [TenantEntity, UserEntity, SessionEntity],
  expiring: [{ table: 'login_failure', column: 'expires_at', days: 1 }],
  produces: [TOPIC.userV1, TOPIC.tenantV1, TOPIC.auditV1],
  openapi: { title: 'Identity', description: 'Who may do what, and which day it is.' },
};
