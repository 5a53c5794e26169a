/**
 * Short texts that are kept for a while. Nothing may depend on them: an entry can be gone at any moment, and a store that
 * is shared between processes answers from the own process while the others cannot be reached. No method ever fails.
 */
export interface CacheStore {
  /** The value, or undefined when there is none (any more). */
  get(key: string): Promise<string | undefined>;
  /** Keeps a value for that many milliseconds, in place of any other. */
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** The same, but what is there already stays as it is, with its time. */
  add(key: string, value: string, ttlMs: number): Promise<void>;
}
