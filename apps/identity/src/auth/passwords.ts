import { hash, verify } from '@node-rs/argon2';

/** argon2id as OWASP ASVS 5.0 §11.4.2 asks: 19 MiB, two passes, one lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MOST_AT_ONCE = 2;

/** Hashes and checks passwords, at most two at a time: hashing must not starve the rest of the process. */
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return this.limited(() => hash(password, OPTIONS));
  }

  /** False for a wrong password; takes the same time when there is no such user. */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    this.dummy ??= this.hash('no such user');
    const against = stored ?? (await this.dummy);
    const right = await this.limited(() => verify(against, password));
    return right && stored !== undefined;
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= MOST_AT_ONCE)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}
