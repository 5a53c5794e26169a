import {
  constants,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The provider's key pair; the public half is what merchants encrypt the initiator's password with. */
export class InitiatorKeys {
  readonly publicPem: string;
  private readonly privateKey: KeyObject;

  /** Reads the pair from `file`, or makes it; an empty name keeps it in memory. */
  constructor(file: string) {
    const known =
      file !== '' && existsSync(file)
        ? (JSON.parse(readFileSync(file, 'utf8')) as { publicKey: string; privateKey: string })
        : undefined;
    const pair =
      known ??
      generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
    if (!known && file !== '') writeFileSync(file, JSON.stringify(pair), { mode: 0o600 });
    this.publicPem = pair.publicKey;
    this.privateKey = createPrivateKey(pair.privateKey);
  }

  /** The password in a SecurityCredential; undefined when it cannot be opened. PKCS#1 v1.5 is taken off by hand: Node refuses to. */
  open(credential: string): string | undefined {
    try {
      const block = privateDecrypt(
        { key: this.privateKey, padding: constants.RSA_NO_PADDING },
        Buffer.from(credential, 'base64'),
      );
      const end = block.indexOf(0, 2);
      return block[0] === 0 && block[1] === 2 && end > 9
        ? block.subarray(end + 1).toString('utf8')
        : undefined;
    } catch {
      return undefined;
    }
  }
}
