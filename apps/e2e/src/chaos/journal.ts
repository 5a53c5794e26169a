import { isDeepStrictEqual } from 'node:util';

/** Any JSON that an answer holds. */
// The shape depends on the route; drivers of tests read what they expect.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** One try of a request. `lost`: no answer came, so nobody knows whether it took effect. */
export interface Try {
  readonly at: string;
  readonly ms: number;
  readonly status: number | 'lost';
  readonly code: string;
}

/** One command of one client, from the first try to the answer that settles it. */
export interface Entry {
  readonly requestId: string;
  readonly key: string;
  readonly who: string;
  readonly path: string;
  readonly body: Json;
  readonly tries: Try[];
  /** `unknown` until an answer settles it: done, or refused by a rule. */
  outcome: 'unknown' | 'done' | 'refused';
  status: number;
  code: string;
  data: Json;
}

/** Routes that promise a repeat the very answer of the first; others promise the effect once, and answer what is so now. */
const SAME_ANSWER =
  /^\/v1\/(products|applications|payments|ledger\/capital|loans\/[^/]+\/disburse)$/;

/** What the clients of a campaign remember: every command, and what they were told. */
export class Journal {
  readonly entries: Entry[] = [];
  /** Answers that break a promise by themselves. */
  readonly violations: string[] = [];

  /** Commands of a path that ended well. */
  done(path: RegExp): Entry[] {
    return this.entries.filter((entry) => entry.outcome === 'done' && path.test(entry.path));
  }

  unknown(): Entry[] {
    return this.entries.filter(({ outcome }) => outcome === 'unknown');
  }

  /** Settles a command, or holds a further answer against the one that settled it. */
  settle(entry: Entry, answer: { status: number; code: string; data: Json }): void {
    const { status, code, data } = answer;
    if (entry.outcome !== 'unknown') {
      const same = SAME_ANSWER.test(entry.path)
        ? entry.status === status && entry.code === code && isDeepStrictEqual(entry.data, data)
        : entry.status < 400 === status < 400;
      if (same) return;
      const told = JSON.stringify([entry.status, entry.code, entry.data]);
      const now = JSON.stringify([status, code, data]);
      this.violations.push(`I5 ${entry.path} ${entry.key}: first ${told}, then ${now}`);
      return;
    }
    Object.assign(entry, { outcome: status < 400 ? 'done' : 'refused', status, code, data });
  }
}
