/** At most so many at once; the others wait their turn. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];
  private readonly running = new Set<Promise<unknown>>();

  constructor(count: number) {
    this.free = count;
  }

  /** Runs `work` when there is room. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    const run = work();
    this.running.add(run);
    try {
      return await run;
    } finally {
      this.running.delete(run);
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }

  /** Resolves when what runs has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.running]);
  }
}
