/** A sleep that can be ended early. A wake that comes while nobody sleeps ends the next sleep at once. */
export class Signal {
  private pending = false;
  private release: (() => void) | undefined;

  /** Ends the sleep that runs, or the next one. */
  readonly wake = (): void => {
    this.pending = true;
    this.release?.();
  };

  async sleep(ms: number): Promise<void> {
    if (!this.pending)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.pending = false;
    this.release = undefined;
  }
}

/** Exponential backoff with jitter: 100 ms doubled for each attempt, at most 5 s. */
export const backoffMs = (attempt: number): number =>
  Math.min(5_000, 100 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
