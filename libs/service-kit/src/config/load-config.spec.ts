import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
        LOG_LEVEL: 'debug',
      });
    for (const name of ['TEST_MODE', 'LOG_LEVEL', 'INTERNAL_KEY']) expect(load).toThrow(name);
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
