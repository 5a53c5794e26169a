import type { Scenario } from './faults.js';
import { type Body, text } from './wire.js';

/** What the merchant answered: its JSON, or null for an answer that is not one. Undefined: no answer in time. */
export type Heard = Body | null | undefined;

/** Longest wait for a merchant, as at the real provider. */
const PATIENCE_MS = 8_000;

/** Calls merchants back. Real callbacks are not repeated when nobody answers; neither are these. */
export class CallbackSender {
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly delays: { readonly normalMs: number; readonly lateMs: number },
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Sends one callback and waits for what the merchant says. */
  async send(url: unknown, body: unknown): Promise<Heard> {
    return this.sendText(url, JSON.stringify(body));
  }

  /** Sends what is not JSON, as a broken provider or proxy does. */
  async sendText(url: unknown, raw: string): Promise<Heard> {
    try {
      const response = await fetch(text(url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: raw,
        signal: AbortSignal.timeout(this.patienceMs),
      });
      return (await response.json().catch(() => null)) as Heard;
    } catch {
      return undefined;
    }
  }

  /** Does it when the provider would have got round to it. */
  later(work: () => Promise<unknown>, scenario?: Scenario): void {
    const { normalMs, lateMs } = this.delays;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        void work();
      },
      scenario?.callback === 'late' ? lateMs : normalMs,
    );
    this.timers.add(timer);
  }

  /** Forgets what was still to be called. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
