import { IsInt, Min } from 'class-validator';
import { BaseConfig } from './base-config.js';
import { Env, envVariables } from './env.js';
import { loadConfig } from './load-config.js';

class ShopConfig extends BaseConfig {
  @Env({ description: 'How many', example: '3', default: 3 })
  @IsInt()
  @Min(1)
  SHOPS: number;
}

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

  it('refuses a weak key, debug logs and test mode in production', () => {
    const load = (): unknown =>
      loadConfig(ShopConfig, {
        ...env,
        NODE_ENV: 'production',
        TEST_MODE: 'true',
        CRASH_AT: 'append-after',
        LOG_LEVEL: 'debug',
      });
    for (const name of ['TEST_MODE', 'CRASH_AT', 'LOG_LEVEL', 'INTERNAL_KEY'])
      expect(load).toThrow(name);
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

  it("knows every variable, the parents' included", () => {
    expect(envVariables(ShopConfig).map((v) => v.name)).toEqual(
      expect.arrayContaining(['PORT', 'DATABASE_URL', 'SHOPS']),
    );
  });
});
