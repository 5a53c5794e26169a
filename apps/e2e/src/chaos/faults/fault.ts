import type { BusProbe } from '../bus.js';
import type { ChaosPlatform } from '../platform.js';
import type { Random } from '../random.js';
import type { Stores } from '../stores.js';

/** What a fault works with. */
export interface FaultContext {
  readonly platform: ChaosPlatform;
  readonly random: Random;
  readonly bus: BusProbe;
  readonly stores: Stores;
  /** Ids of messages that are made to be refused. */
  readonly poison: Set<string>;
  /** Writes down what was done, for the round's line and its report. */
  readonly note: (what: string) => void;
}

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** Its row in the table of faults. */
  readonly row: string;
  /** Only where this is there: a broker, the second instance of each service. Everywhere when left out. */
  readonly needs?: 'pg' | 'kafka' | 'instances';
  /** Not drawn by chance: takes too long, and is asked for by name. */
  readonly special?: boolean;
  /** The provider's faults are mixed into the borrowers' plans. */
  readonly provider?: boolean;
  /** What must stand before it can strike; the borrowers begin after it. */
  readonly prepare?: (context: FaultContext) => Promise<void>;
  /** While they borrow and pay back. */
  readonly strike: (context: FaultContext) => Promise<void>;
  /** Takes back whatever does not mend by itself. */
  readonly heal?: (context: FaultContext) => Promise<void>;
  /** What the fault itself saw that must not be. */
  readonly evidence?: () => readonly string[];
}
