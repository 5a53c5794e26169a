import { Rejected } from '@daftari/kernel';
import { cacheLookups, INTERNAL_HEADER } from '@daftari/service-kit';
import type { Upstreams } from './upstreams.js';

const REMEMBER_MS = 1_000;
const MOST = 50_000;

/** Asks identity whether a session is alive; remembers a yes for a second. */
export class SessionCheck {
  private readonly known = new Map<string, number>();

  constructor(
    private readonly upstreams: Upstreams,
    private readonly internalKey: string,
  ) {}

  /** Throws 401 for a session that was ended. */
  async assertActive(sessionId: string): Promise<void> {
    const until = this.known.get(sessionId);
    const isKnown = until !== undefined && until > Date.now();
    cacheLookups.inc({ cache: 'sessions', result: isKnown ? 'hit' : 'miss' });
    if (isKnown) return;
    const headers = { [INTERNAL_HEADER]: this.internalKey };
    const { status, body } = await this.upstreams.forward('identity', {
      method: 'GET',
      path: `/internal/sessions/${encodeURIComponent(sessionId)}`,
      headers,
    });
    const answer = JSON.parse(body.toString('utf8')) as { data?: { active?: boolean } };
    if (status !== 200 || answer.data?.active !== true)
      throw new Rejected('auth/session-ended', 'The session has ended; log in again', 401);
    if (this.known.size >= MOST) this.known.clear();
    this.known.set(sessionId, Date.now() + REMEMBER_MS);
  }

  forget(sessionId: string): void {
    this.known.delete(sessionId);
  }
}
