/**
 * The places at which a test of faults may end a process: around each step that makes something durable or known to
 * others. `before` is just before the step, `after` just after it and before anything else happens.
 */
export const CRASH_POINTS = [
  'append-before',
  'append-after',
  'commit-before',
  'commit-after',
  'outbox-before',
  'outbox-after',
  'produce-before',
  'produce-after',
  'acknowledge-after',
  'offset-commit-before',
  'offset-commit-after',
  'provider-call-before',
  'provider-call-after',
  'answer-before',
  'answer-after',
] as const;

/** One of the places. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

let listener: ((point: CrashPoint) => void) | undefined;

/** Marks a place. Does nothing unless somebody listens, which only a process of a test of faults does. */
export const crashPoint = (point: CrashPoint): void => {
  listener?.(point);
};

/** Who is told when a place is reached; undefined for nobody. */
export const onCrashPoint = (told: ((point: CrashPoint) => void) | undefined): void => {
  listener = told;
};
