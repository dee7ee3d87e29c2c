import type {
  AggregateOf,
  AggregateSource,
  Class,
  DeciderAggregate,
  EventOf,
} from '../../../domain/index.ts';
import type { Command } from '../../../application/index.ts';
import type { ExpectedEvent } from '../compare/event-pattern.ts';
import type { EventAsStored } from '../stored/stored-event.ts';
import type { Told } from '../stories/told-story.ts';
import type { Verdict } from '../verdict.ts';
import type { ErrorFields } from './checks.ts';
import type { ScenarioOptions } from './scenario-options.ts';

/** The commands that a handler class handles. */
type HandledBy<Handler> = Handler extends abstract new (...args: never[]) => {
  readonly handle: (message: infer Message, ...rest: never[]) => unknown;
}
  ? Message
  : never;

/**
 * The commands that a scenario can dispatch: those of its handlers; any, if it has modules or its options are not
 * known to the compiler; none without either. A decider takes its own as well.
 */
export type CommandsOf<Source, Options> =
  | (AggregateOf<Source> extends DeciderAggregate<infer Decision, infer _Event, infer _State>
      ? Decision
      : never)
  | DispatchedBy<Options>;

type DispatchedBy<Options> = [Options] extends [undefined]
  ? never
  : ScenarioOptions extends Options
    ? Command<unknown>
    : Options extends { readonly modules: unknown }
      ? Command<unknown>
      : Options extends { readonly handlers: readonly (infer Handler)[] }
        ? HandledBy<Handler>
        : never;

/** What happens in a scenario: a command, or a function that acts on the aggregate. */
export type ActionOf<Source, Commands> = Commands | ((aggregate: AggregateOf<Source>) => unknown);

/** What happened before. Every call returns a new stage, so that a beginning can be shared by tests. */
export interface Given<
  Source extends AggregateSource,
  Events extends object = EventOf<Source>,
  Commands = never,
> extends Told {
  /** Nothing: the aggregate does not exist. */
  nothing(): Given<Source, Events, Commands>;
  /** These events of the aggregate, some of them perhaps as they were stored long ago. */
  events(...events: readonly (EventOf<Source> | EventAsStored)[]): Given<Source, Events, Commands>;
  /** These events of another aggregate of the same kind. */
  stream(
    id: string,
    ...events: readonly (EventOf<Source> | EventAsStored)[]
  ): Given<Source, Events, Commands>;
  /** These events of an aggregate of another kind, whose events may be expected from now on. */
  stream<Other extends AggregateSource>(
    source: Other,
    id: string,
    ...events: readonly (EventOf<Other> | EventAsStored)[]
  ): Given<Source, Events | EventOf<Other>, Commands>;
  /** These commands, all of which succeed. */
  commands(...commands: readonly Commands[]): Given<Source, Events, Commands>;
  /** From here on it is this time. */
  at(time: Date | string): Given<Source, Events, Commands>;
  /** A command is dispatched, or a function acts on the aggregate. */
  when(action: ActionOf<Source, Commands>): Then<Source, Events, Commands>;
  /**
   * Two of them at the same time, on two nodes: both decide on the same state, the first one is faster, and the second
   * decides again.
   */
  whenConcurrently(
    first: ActionOf<Source, Commands>,
    second: ActionOf<Source, Commands>,
  ): Then<Source, Events, Commands>;
  /** Nobody does anything until this time. */
  whenTimePasses(until: Date | string): Then<Source, Events, Commands>;
}

/** What must come of it. */
export interface Then<
  Source extends AggregateSource,
  Events extends object = EventOf<Source>,
  Commands = never,
> extends Told {
  /** Exactly these events are stored, in this order, in whatever streams. */
  thenEvents(...events: readonly ExpectedEvent<Events>[]): Verdict<And<Source, Events, Commands>>;
  /** These events are among those that are stored, in this order. */
  thenIncludes(...events: readonly ExpectedEvent<Events>[]): Verdict<And<Source, Events, Commands>>;
  /** It succeeds, and stores nothing. */
  thenNothing(): Verdict<And<Source, Events, Commands>>;
  /** It, or one of two, is refused with an error of this class, whose fields have these values. */
  thenFails<E extends Error>(
    errorClass: Class<E>,
    fields?: ErrorFields<E>,
  ): Verdict<And<Source, Events, Commands>>;
  /** It returns this value. */
  thenReturns(value: unknown): Verdict<And<Source, Events, Commands>>;
  /**
   * The aggregate, as its stored events make it, has these fields; or a function accepts it, by neither throwing nor
   * returning `false`.
   */
  thenState(
    expected: StateOf<Source> | ((aggregate: AggregateOf<Source>) => unknown),
  ): Verdict<And<Source, Events, Commands>>;
}

/** More of what must come of it, or what happens next, with everything so far as given. */
export interface And<
  Source extends AggregateSource,
  Events extends object = EventOf<Source>,
  Commands = never,
>
  extends Given<Source, Events, Commands>, Then<Source, Events, Commands> {}

/** Fields of an aggregate that must have these values; those not named do not matter. */
export type StateOf<Source> = { readonly [Field in keyof AggregateOf<Source>]?: unknown };
