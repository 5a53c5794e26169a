const LONGEST_STOP_MS = 9_000;

/**
 * Stops the process cleanly, once, when it is told to (SIGTERM, SIGINT) or when the launcher that started it is gone:
 * a process with an IPC channel must not outlive its parent and keep its port. Exits 0, or 1 when stopping fails or
 * takes longer than nine seconds.
 */
export const onShutdown = (stop: () => Promise<void>): void => {
  let stopping = false;
  const once = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', once);
  process.once('SIGINT', once);
  process.once('disconnect', once);
};
