/** Probes until it gives a value (not undefined, not false) or the deadline passes; the error tells what it last saw. */
export const eventually = async <T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  options: { withinMs?: number; everyMs?: number; what?: string } = {},
): Promise<T> => {
  const deadline = Date.now() + (options.withinMs ?? 30_000);
  let last: unknown;
  for (;;) {
    try {
      const seen = await probe();
      if (seen !== undefined && seen !== false) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const text = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${options.what ?? 'the condition'} did not come true; last seen: ${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 25));
  }
};
