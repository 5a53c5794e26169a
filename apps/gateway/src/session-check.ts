import { Rejected, Unavailable } from '@daftari/kernel';
import { cacheLookups, type CacheStore, INTERNAL_HEADER } from '@daftari/service-kit';
import type { Upstreams } from './upstreams.js';

const ALIVE = 'alive';
const ENDED = 'ended';
const ALIVE_MS = 1_000;
/** Longer than a question to identity is on its way: its answer from before the logout must find this here. */
const ENDED_MS = 60_000;
const keyOf = (sessionId: string): string => `session:${sessionId}`;
const refused = (): Rejected =>
  new Rejected('auth/session-ended', 'The session has ended; log in again', 401);

/** Asks identity whether a session is alive; remembers a yes for a second. */
export class SessionCheck {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly internalKey: string,
    private readonly cache: CacheStore,
  ) {}

  /** Throws 401 for a session that was ended, and Unavailable when identity cannot tell. */
  async assertActive(sessionId: string): Promise<void> {
    const known = await this.cache.get(keyOf(sessionId));
    cacheLookups.inc({ cache: 'sessions', result: known === undefined ? 'miss' : 'hit' });
    if (known === ALIVE) return;
    if (known === ENDED || !(await this.ask(sessionId))) throw refused();
    await this.cache.add(keyOf(sessionId), ALIVE, ALIVE_MS);
  }

  /** Identity has ended it: every gateway that shares the cache refuses it from now on. */
  end(sessionId: string): Promise<void> {
    return this.cache.set(keyOf(sessionId), ENDED, ENDED_MS);
  }

  private async ask(sessionId: string): Promise<boolean> {
    const headers = { [INTERNAL_HEADER]: this.internalKey };
    const { status, body } = await this.upstreams.forward('identity', {
      method: 'GET',
      path: `/internal/sessions/${encodeURIComponent(sessionId)}`,
      headers,
    });
    // What identity cannot tell now is no reason to send somebody away.
    if (status >= 500) throw new Unavailable('identity cannot tell whether the session is alive');
    const answer = JSON.parse(body.toString('utf8')) as { data?: { active?: boolean } };
    return status === 200 && answer.data?.active === true;
  }
}
