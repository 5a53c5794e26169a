/** What a decider answers: the events that follow from a command, or the code of the rule that refused it. */
export type Decision<Event, Code extends string> =
  | { readonly accepted: true; readonly events: readonly Event[] }
  | { readonly accepted: false; readonly rejection: Code; readonly details?: readonly string[] };

/** The command is accepted; no event means that it changes nothing (a repeat). */
export const accept = <Event>(
  ...events: Event[]
): { accepted: true; events: readonly Event[] } => ({
  accepted: true,
  events,
});

/** A rule refuses the command. `details` lists every failed rule when there is more than one. */
export const reject = <Code extends string>(
  rejection: Code,
  details?: readonly string[],
): { accepted: false; rejection: Code; details?: readonly string[] } => ({
  accepted: false,
  rejection,
  ...(details ? { details } : {}),
});
