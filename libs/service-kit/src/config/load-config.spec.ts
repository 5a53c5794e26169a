import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsInt, IsString, Min } from 'class-validator';
import { BaseConfig } from './base-config.js';
import { Env, envVariables, notEmpty, realProvider } from './env.js';
import { ConfigError, loadConfig } from './load-config.js';

class ShopConfig extends BaseConfig {
  @Env({ description: 'How many', example: '3', default: 3 })
  @IsInt()
  @Min(1)
  SHOPS: number;

  @Env({ description: 'Where', example: '', default: '', rules: [notEmpty] })
  @IsString()
  PLACES: string;

  @Env({
    description: 'Whose',
    example: 'https://pay.example',
    default: 'http://127.0.0.1:1',
    rules: [realProvider],
  })
  @IsString()
  PAY_URL: string;
}

const STRONG = '9f2c41d07ab8e6350c1d9be47f60a852';

const env = { INTERNAL_KEY: 'k'.repeat(32), DATABASE_URL: 'postgres://a', BUS_URL: 'postgres://b' };

describe('loadConfig', () => {
  it('converts by type and fills in defaults', () => {
    const config = loadConfig(ShopConfig, { ...env, PORT: '3002', TEST_MODE: 'true' });
    expect(config).toMatchObject({
      PORT: 3002,
      TEST_MODE: true,
      SHOPS: 3,
      NODE_ENV: 'development',
    });
  });

  it('lists every problem at once', () => {
    const load = (): unknown => loadConfig(ShopConfig, { SHOPS: 'many', PORT: '99999' });
    for (const name of ['PORT', 'INTERNAL_KEY', 'DATABASE_URL', 'SHOPS'])
      expect(load).toThrow(name);
  });

  describe('in production and staging', () => {
    const good = { ...env, INTERNAL_KEY: STRONG, PLACES: 'a', PAY_URL: 'https://pay.example.org' };
    const problems = (environment: string, change: Record<string, string>): string[] => {
      try {
        loadConfig(ShopConfig, { ...good, NODE_ENV: environment, ...change });
        return [];
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return error.message.split('\n').map((line) => line.split(':')[0] ?? '');
      }
    };
    const EXAMPLE = 'postgres://ledger:secret@127.0.0.1:5432/ledger';

    it('starts with good settings', () => {
      for (const environment of ['development', 'test', 'staging', 'production'])
        expect(problems(environment, {})).toEqual([]);
    });

    it.each([
      ['TEST_MODE', 'true', ['production']],
      ['CRASH_AT', 'append-after', ['production']],
      ['LOG_LEVEL', 'debug', ['production']],
      ['PAY_URL', 'https://sandbox.pay.example', ['production']],
      ['PAY_URL', 'http://pay.example.org', ['production']],
      ['PLACES', '', ['staging', 'production']],
      ['INTERNAL_KEY', 'k'.repeat(40), ['staging', 'production']],
      ['INTERNAL_KEY', `daftari-${STRONG}`, ['staging', 'production']],
      ['INTERNAL_KEY', 'a-long-random-string-of-32-characters-or-more', ['staging', 'production']],
      ['DATABASE_URL', EXAMPLE, ['staging', 'production']],
    ])('refuses %s=%s in %j alone', (name, value, refusedIn) => {
      for (const environment of ['development', 'test', 'staging', 'production'])
        expect([environment, problems(environment, { [name]: value })]).toEqual([
          environment,
          refusedIn.includes(environment) ? [name] : [],
        ]);
    });
  });

  it('refuses to forget handled messages before the bus does, and a pool that the background work fills', () => {
    const load = (more: Record<string, string>) => (): unknown =>
      loadConfig(ShopConfig, { ...env, ...more });
    expect(load({ BUS_RETENTION_DAYS: '30', INBOX_RETENTION_DAYS: '30' })).toThrow(
      'INBOX_RETENTION_DAYS must be more than BUS_RETENTION_DAYS',
    );
    expect(load({ BUS_RETENTION_DAYS: '30', INBOX_RETENTION_DAYS: '31' })).not.toThrow();
    expect(load({ DATABASE_POOL_MAX: '3' })).toThrow('DATABASE_POOL_MAX');
    expect(load({ DATABASE_POOL_MAX: '4' })).not.toThrow();
  });

  it('wants an address of the bus that is used, and a whole login for Kafka', () => {
    const load = (more: Record<string, string>) => (): unknown =>
      loadConfig(ShopConfig, { ...env, BUS_URL: '', ...more });
    expect(load({})).toThrow('BUS_URL');
    expect(load({ BUS: 'carrier-pigeon' })).toThrow('BUS');
    expect(load({ BUS: 'kafka' })).toThrow('KAFKA_BROKERS must be host:port');
    expect(load({ BUS: 'kafka', KAFKA_BROKERS: 'kafka-1' })).toThrow('KAFKA_BROKERS');
    const kafka = { BUS: 'kafka', KAFKA_BROKERS: 'kafka-1:9092,10.0.0.2:9093' };
    expect(load(kafka)).not.toThrow();
    const login = { ...kafka, KAFKA_SASL_MECHANISM: 'scram-sha-512' };
    expect(load({ ...login, KAFKA_SASL_MECHANISM: 'gssapi' })).toThrow('KAFKA_SASL_MECHANISM');
    expect(load(login)).toThrow(/KAFKA_SASL_USERNAME.*\n.*KAFKA_SASL_PASSWORD/);
    expect(load({ ...login, KAFKA_SASL_USERNAME: 'a', KAFKA_SASL_PASSWORD: 'b' })).not.toThrow();
    expect(load({ ...kafka, KAFKA_REPLICATION_FACTOR: '0' })).toThrow('KAFKA_REPLICATION_FACTOR');
  });

  it('reads a secret from the file that NAME_FILE names, without its line end', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'daftari-secret-')), 'key');
    writeFileSync(file, `${'s'.repeat(40)}\n`);
    const { INTERNAL_KEY: _given, ...others } = env;
    const config = loadConfig(ShopConfig, { ...others, INTERNAL_KEY_FILE: file });
    expect(config.INTERNAL_KEY).toBe('s'.repeat(40));
    const both = (): unknown => loadConfig(ShopConfig, { ...env, INTERNAL_KEY_FILE: file });
    expect(both).toThrow('INTERNAL_KEY: set INTERNAL_KEY or INTERNAL_KEY_FILE, not both');
    const away = (): unknown =>
      loadConfig(ShopConfig, { ...others, INTERNAL_KEY_FILE: `${file}.away` });
    expect(away).toThrow(`INTERNAL_KEY_FILE: ${file}.away cannot be read (ENOENT)`);
  });

  it("knows every variable, the parents' included", () => {
    expect(envVariables(ShopConfig).map((v) => v.name)).toEqual(
      expect.arrayContaining(['PORT', 'DATABASE_URL', 'SHOPS']),
    );
  });
});
