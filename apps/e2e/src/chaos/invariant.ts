import type { Books } from './books.js';
import type { BusProbe } from './bus.js';
import type { Journal } from './journal.js';
import type { People } from './people.js';
import type { Provider } from './provider.js';
import type { Stores } from './stores.js';

/** All that a check may look at. */
export interface Witnesses {
  readonly journal: Journal;
  readonly books: Books;
  readonly people: People;
  readonly provider: Provider;
  readonly stores: Stores;
  readonly bus: BusProbe;
  /** Ids of messages that were put on the bus to be refused. */
  readonly poison: ReadonlySet<string>;
  /** Where in `books.lives` the round that is checked begins. */
  readonly livesFrom: number;
  /** Where in `journal.entries` it begins. */
  readonly entriesFrom: number;
}

/** What must hold whatever happened. Gives the evidence against it; nothing when it holds. */
export interface Invariant {
  readonly id: string;
  readonly says: string;
  readonly evidence: (witnesses: Witnesses) => Promise<readonly string[]>;
}

/** What of `left` is not in `right`. */
export const missing = (left: Iterable<string>, right: ReadonlySet<string>): string[] =>
  [...left].filter((item) => !right.has(item));
