import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { deterministicId } from '@daftari/kernel';
import { Outbox } from '@daftari/messaging';
import { ConfigError, Database, loadConfig } from '@daftari/service-kit';
import {
  IsEmail,
  IsISO4217CurrencyCode,
  IsNotEmpty,
  IsTimeZone,
  Matches,
  MaxLength,
  validateSync,
} from 'class-validator';
import { Passwords } from '../auth/passwords.js';
import { IdentityConfig } from '../config.js';
import { SessionEntity, TenantEntity, UserEntity } from '../persistence/entities.js';
import { Users } from '../users/users.js';
import { Tenancy } from './tenancy.js';

class NewTenant {
  @Matches(/^[a-z0-9-]{1,40}$/) slug: string;
  @IsNotEmpty() @MaxLength(120) name: string;
  @IsTimeZone() 'time-zone': string;
  @IsISO4217CurrencyCode() currency: string;
  @IsEmail() 'admin-email': string;
}

/** How the command is used. */
export const TENANT_HELP = `usage: tenant create --slug acme --name "Acme Credit" --time-zone Africa/Nairobi --currency KES --admin-email admin@acme.example\n`;

const options = {
  slug: { type: 'string' },
  name: { type: 'string' },
  'time-zone': { type: 'string' },
  currency: { type: 'string' },
  'admin-email': { type: 'string' },
} as const;

const parse = (words: readonly string[]): NewTenant => {
  const { values, positionals } = parseArgs({
    args: [...words],
    options,
    allowPositionals: true,
  });
  const wanted = Object.assign(new NewTenant(), values);
  const problems = validateSync(wanted).map(
    (error) => `--${error.property}: ${Object.values(error.constraints ?? {}).join(', ')}`,
  );
  if (positionals.join(' ') !== 'create' || problems.length > 0)
    throw new ConfigError([...problems, TENANT_HELP].join('\n'));
  return wanted;
};

/**
 * `tenant create ...`: makes a tenant and its first admin in the database of the environment; the running service tells
 * the others. The admin's password is made and said once, before anything is stored. A repeat changes nothing.
 * Errors: ConfigError with one line per wrong option or variable.
 */
export const tenantCommand = async (
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> => {
  const wanted = parse(words);
  const config = loadConfig(IdentityConfig, env);
  const db = await Database.connect({
    url: config.DATABASE_URL,
    max: 2,
    entities: [TenantEntity, UserEntity, SessionEntity],
  });
  const clock = { now: () => new Date() };
  const outbox = new Outbox();
  try {
    const { slug, name, currency, 'time-zone': timeZone, 'admin-email': email } = wanted;
    const id = deterministicId('tenant', slug);
    const tenant = { id, slug, name, timeZone, currency, offsetDays: 0 };
    const made = await new Tenancy(db, outbox, clock).ensure(tenant, 'cli');
    say(`tenant ${slug} ${id} ${made ? 'made' : 'is there already'}`);
    const users = new Users(db, outbox, new Passwords(), config, clock);
    if (await users.find(slug, email)) {
      say(`admin ${email} is there already`);
      return;
    }
    const password = randomBytes(12).toString('base64url');
    say(`admin ${email} password ${password}`);
    const admin = { email, password, name: 'Admin', phone: null, roles: ['admin'] };
    await users.create(
      id,
      { ...admin, emailVerified: true },
      'cli',
      deterministicId('user', slug, email.toLowerCase()),
    );
  } finally {
    await db.close();
  }
};
