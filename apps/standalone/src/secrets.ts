import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the embedded platform keeps secret; made once, kept in the data folder, readable by its owner only. */
export interface Secrets {
  readonly postgres: string;
  readonly internalKey: string;
  readonly keyEncryptionKey: string;
  readonly hookToken: string;
  readonly seedPassword: string;
}

const random = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Reads the secrets, or makes them at the first start. */
export const secretsIn = (dataDir: string, seedPassword: string): Secrets => {
  const file = join(dataDir, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const secrets: Secrets = {
    postgres: random(16),
    internalKey: random(32),
    keyEncryptionKey: random(32),
    hookToken: random(16),
    seedPassword: seedPassword === '' ? `demo-${random(6)}` : seedPassword,
  };
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
};
