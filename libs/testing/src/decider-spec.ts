import type { Decision } from '@daftari/kernel';

interface Decider<Command, State, Event, Code extends string> {
  readonly decide: (command: Command, state: State) => Decision<Event, Code>;
  readonly evolve: (state: State, event: Event) => State;
  readonly initialState: State;
}

/** given(...history).when(command).then(...events) or .thenRejects(code), for any decider. */
export const deciderSpec =
  <Command, State, Event, Code extends string>(decider: Decider<Command, State, Event, Code>) =>
  (...history: Event[]) => ({
    when: (command: Command) => {
      const decision = decider.decide(
        command,
        history.reduce(decider.evolve, decider.initialState),
      );
      return {
        decision,
        then: (...events: unknown[]): void => {
          expect(decision).toEqual({ accepted: true, events });
        },
        thenRejects: (code: Code): void => {
          expect(decision).toMatchObject({ accepted: false, rejection: code });
        },
      };
    },
  });
