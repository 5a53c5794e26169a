import { v5 } from 'uuid';

/** Daftari's own UUIDv5 namespace. Changing it would change every derived id: never do. */
const NAMESPACE = '6f1c0e52-7d0a-5c1e-9a5d-1d6e1b0f9d3a';

/** The same parts give the same UUIDv5, for ever: the root of every "exactly once" in Daftari. */
export const deterministicId = (...parts: readonly string[]): string =>
  v5(parts.map((part) => `${String(part.length)}:${part}`).join('|'), NAMESPACE);
