const SILENT_MS = 60_000;

/** What a process does in the background: relays and projections. Each says after every try how it went. */
export class Jobs {
  private readonly last = new Map<string, { readonly at: number; readonly succeeded: boolean }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Notes a try of one of them. */
  note(name: string, succeeded: boolean): void {
    this.last.set(name, { at: this.now(), succeeded });
  }

  /** The last try of each succeeded, and was less than a minute ago. */
  areHealthy(): boolean {
    return [...this.last.values()].every(
      ({ at, succeeded }) => succeeded && this.now() - at < SILENT_MS,
    );
  }
}
