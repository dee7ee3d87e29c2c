import type { AggregateOf, AggregateSource, EventOf } from '../../../domain/index.ts';
import type { ScenarioOptions } from '../scenario/scenario-options.ts';
import type { CommandsOf } from '../scenario/scenario-types.ts';

/** An arbitrary of fast-check, by what it generates. */
export interface Arbitrary<T> {
  generate(...how: never[]): { readonly value: T };
}

/** For each method that may be called, how its arguments are made. */
export type MethodArguments<A> = {
  readonly [
    Method in keyof A as A[Method] extends (...args: never[]) => unknown ? Method : never
  ]?: A[Method] extends (...args: infer Arguments) => unknown
    ? { readonly [Index in keyof Arguments]: Arbitrary<Arguments[Index]> }
    : never;
};

/** What must hold after every command: by neither throwing nor returning `false`. */
export type Invariant<Source> = (
  aggregate: AggregateOf<Source>,
  events: readonly EventOf<Source>[],
) => unknown;

/** How an aggregate is explored. */
export interface ExploreOptions<Source extends AggregateSource> extends ScenarioOptions {
  /**
   * What may happen: methods by name with arbitraries of their arguments, or arbitraries of commands, which need
   * `handlers` or `modules`, or of a decider's commands.
   */
  readonly commands:
    MethodArguments<AggregateOf<Source>> | readonly Arbitrary<object & CommandsOf<Source, ScenarioOptions>>[];
  /** What must hold, by the words to say so. */
  readonly invariants?: Readonly<Record<string, Invariant<Source>>>;
  /** How many stories are told; default 100. */
  readonly runs?: number;
  /** Commands in a story at most; default 10. */
  readonly maxCommands?: number;
  /** Repeats what an earlier run found; default: another one in each run. */
  readonly seed?: number;
}
