import { CRASH_POINTS, type CrashPoint, InvariantViolation, onCrashPoint } from '@daftari/kernel';

/** What CRASH_AT may say: nothing, or a place and the passing at which the process ends, as in `append-after:3`. */
export const CRASH_AT_FORM = new RegExp(`^$|^(${CRASH_POINTS.join('|')})(:[1-9]\\d{0,5})?$`);

/** Ends the process at once, as `kill -9` does: nothing is flushed and nobody is told. */
const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; until it arrives nothing more may happen here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};

/** Arms the place that CRASH_AT names. Errors: InvariantViolation in production, whose configuration refuses it before. */
export const armCrashPoint = (
  { CRASH_AT: at, NODE_ENV }: { readonly CRASH_AT: string; readonly NODE_ENV: string },
  end: () => void = die,
): void => {
  if (at === '') return;
  if (NODE_ENV === 'production')
    throw new InvariantViolation('a process of production never crashes on purpose');
  const [place, passing = '1'] = at.split(':');
  let left = Number(passing);
  onCrashPoint((point: CrashPoint) => {
    if (point === place && --left === 0) end();
  });
};
