import type { Recorded } from '../../../domain/index.ts';
import type { StateAt } from './aggregate-state.ts';
import type { Sighting } from './repository-watch.ts';

/** What one command or function gave. */
export interface Outcome {
  readonly returned: unknown;
  readonly error: Error | undefined;
}

/** What came of a `when`: of one action, or of two at the same time. */
export interface Act {
  readonly outcomes: readonly Outcome[];
  /** The events that were stored, in whatever streams, with payloads as instances where the class is known. */
  readonly events: readonly Recorded<object>[];
  /** The aggregate that the scenario is about; undefined if it does not exist. */
  readonly before: StateAt | undefined;
  readonly after: StateAt | undefined;
  /** The aggregates that actions which succeeded saw, as they are in memory now. */
  readonly changed: readonly Sighting[];
  /** The aggregates that actions which failed saw. */
  readonly refused: readonly Sighting[];
  /** Changes that were still under way when the action had ended. */
  readonly underWay: readonly string[];
}

/** The errors of an act. */
export function errorsOf({ outcomes }: Act): Error[] {
  return outcomes.flatMap(({ error }) => error ?? []);
}
