import { join, resolve } from 'node:path';
import { deterministicId } from '@daftari/kernel';
import { type Ports, type ServiceName, SERVICES } from './layout.js';
import type { PassedOn } from './load.js';
import type { Secrets } from './secrets.js';

/** The tenant that the seed makes. */
export const DEMO_TENANT = deterministicId('tenant', 'demo');
/** The sandbox's Daraja merchant; the pass key is the public one of Safaricom's own sandbox. */
const DARAJA = {
  DARAJA_CONSUMER_KEY: 'ck_test',
  DARAJA_CONSUMER_SECRET: 'cs_test',
  DARAJA_SHORTCODE: '174379',
  DARAJA_PASSKEY: 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919',
  DARAJA_B2C_SHORTCODE: '600000',
  DARAJA_INITIATOR_NAME: 'testapi',
  DARAJA_INITIATOR_PASSWORD: 'Safaricom123#',
};
const local = (port: number): string => `http://127.0.0.1:${String(port)}`;

/** The environment of one process of the embedded platform. */
export const environmentOf = (
  name: ServiceName | 'gateway' | 'sandbox',
  settings: {
    ports: Ports;
    /** Ports of every instance, when there are more; the gateway shares its requests among them. */
    all?: readonly Ports[];
    secrets: Secrets;
    dataDir: string;
    logLevel: string;
    databaseUrl?: string;
    busUrl?: string;
    /** Redis of the gateways; empty for none. */
    redisUrl?: string;
    /** Variables that choose another bus than the embedded one. */
    bus?: Readonly<Record<string, string>>;
    /** Variables that are handed on as they are. */
    passedOn?: PassedOn;
  },
): Record<string, string> => {
  const { ports, secrets, dataDir, logLevel } = settings;
  const common = {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    LOG_LEVEL: logLevel,
    INTERNAL_KEY: secrets.internalKey,
    JWKS_URL: `${local(ports.of.identity)}/v1/auth/jwks`,
  };
  if (name === 'sandbox') {
    return {
      ...common,
      SANDBOX_HTTP_PORT: String(ports.sandbox),
      SANDBOX_SMTP_PORT: String(ports.smtp),
      SANDBOX_DATA_FILE: resolve(join(dataDir, 'sandbox.jsonl')),
    };
  }
  const urlsOf = (instances: readonly Ports[]): Record<string, string> =>
    Object.fromEntries(
      SERVICES.map(({ name: service }) => [
        `${service.toUpperCase()}_URL`,
        instances.map(({ of }) => local(of[service])).join(','),
      ]),
    );
  const urls = urlsOf([ports]);
  if (name === 'gateway')
    return {
      ...common,
      ...settings.passedOn?.gateway,
      ...urlsOf(settings.all ?? [ports]),
      PORT: String(ports.gateway),
      REDIS_URL: settings.redisUrl ?? '',
    };
  const own = {
    identity: {
      SEED_DEMO: 'true',
      SEED_PASSWORD: secrets.seedPassword,
      KEY_ENCRYPTION_KEY: secrets.keyEncryptionKey,
      PUBLIC_URL: local(ports.gateway),
    },
    origination: {},
    ledger: {},
    payments: {
      ...DARAJA,
      DARAJA_BASE_URL: local(ports.sandbox),
      DARAJA_CERTIFICATE: `${local(ports.sandbox)}/sandbox/daraja/certificate`,
      DARAJA_CALLBACK_BASE_URL: `${local(ports.gateway)}/hooks/daraja/${secrets.hookToken}`,
      DARAJA_HOOK_TOKEN: secrets.hookToken,
      DARAJA_TENANT_ID: DEMO_TENANT,
      // The sandbox answers within moments, so looks may come early.
      PROVIDER_TIMEOUT_MS: '5000',
      POLL_FIRST_MS: '1500',
      POLL_MAX_MS: '10000',
      PAYOUT_RESEND_AFTER_MS: '10000',
    },
    notifications: { SMTP_PORT: String(ports.smtp), SMS_BASE_URL: local(ports.sandbox) },
    reporting: {},
  }[name];
  return {
    ...common,
    ...urls,
    ...own,
    PORT: String(ports.of[name]),
    DATABASE_URL: settings.databaseUrl ?? '',
    BUS_URL: settings.busUrl ?? '',
    ...settings.bus,
    ...settings.passedOn?.services,
    TEST_MODE: 'true',
  };
};
