import { Aggregate, aggregateTypeOf } from './aggregate.ts';
import type { AggregateClass } from './aggregate.ts';
import { AggregateRoot } from './aggregate-root.ts';
import type { Class } from './class.ts';
import { classOf } from './class.ts';
import type { SnapshotOptions } from './snapshot-policy.ts';
import { applyGuarded } from './unable-to-apply-event.ts';

/**
 * An aggregate as three functions, accepted wherever an aggregate class is.
 *
 * `decide` refuses by throwing a `DomainError`; `evolve` is pure and never throws.
 */
export interface Decider<Command, Event extends object, State> {
  readonly aggregateType: string;
  /** The classes of its events; a module checks them as it does those of `@On`. */
  readonly events: readonly Class<Event>[];
  initialState(): State;
  decide(command: Command, state: State): readonly Event[] | Event;
  evolve(state: State, event: Event): State;
  uniqueKeys?(state: State): readonly string[];
  /** Keeps the state now and then, so that a load begins there; default: every load folds all events. */
  readonly snapshots?: SnapshotOptions | undefined;
}

/** Any decider, where its types do not matter. */
export interface AnyDecider {
  readonly aggregateType: string;
  readonly events: readonly Class[];
  initialState(): unknown;
  decide(command: never, state: never): readonly object[] | object;
  evolve(state: never, event: never): unknown;
  uniqueKeys?(state: never): readonly string[];
  readonly snapshots?: SnapshotOptions | undefined;
}

let setState: (aggregate: DeciderAggregate<unknown, object, unknown>, state: unknown) => void;

/** A decider as the repository hands it out: `state` to read, `decide` to change. */
export class DeciderAggregate<Command, Event extends object, State> extends AggregateRoot<Event> {
  readonly #decider: Decider<Command, Event, State>;
  #state: State;

  constructor(decider: Decider<Command, Event, State>) {
    super();
    this.#decider = decider;
    this.#state = decider.initialState();
  }

  /** The state, folded from the stored and the pending events. */
  get state(): State {
    return this.#state;
  }

  /** Lets the decider decide, and raises the events that it returns. */
  decide(command: Command): void {
    const decision = this.#decider.decide(command, this.#state);
    const events = (Array.isArray(decision) ? decision : [decision]) as readonly Event[];
    for (const event of events) this.raise(event);
  }

  override uniqueKeys(): readonly string[] {
    return this.#decider.uniqueKeys?.(this.#state) ?? [];
  }

  protected override applyEvent(event: Event): void {
    this.#state = evolveGuarded(this.#decider, this.#state, event);
  }

  static {
    setState = (aggregate, state): void => {
      aggregate.#state = state;
    };
  }
}

/** Gives the aggregate of a decider a state that it had before. */
export function restoreState(aggregate: DeciderAggregate<unknown, object, unknown>, state: unknown): void {
  setState(aggregate, state);
}

/* Like an @On method, `evolve` runs on every replay: it must neither throw nor wait. */
function evolveGuarded<Command, Event extends object, State>(
  decider: Decider<Command, Event, State>,
  state: State,
  event: Event,
): State {
  const place = { aggregate: decider.aggregateType, method: 'evolve', event: classOf(event).name };
  return applyGuarded(place, () => decider.evolve(state, event));
}

/** An aggregate class or a decider. */
export type AggregateSource = AggregateClass | AnyDecider;

/** The instance that a repository of `Source` hands out. */
export type AggregateOf<Source> =
  Source extends AggregateClass<infer A>
    ? A
    : Source extends Decider<infer Command, infer Event, infer State>
      ? DeciderAggregate<Command, Event, State>
      : never;

/** The events of an aggregate class that names them (`AggregateRoot<Event>`) or of a decider. */
export type EventOf<Source> = AggregateOf<Source> extends AggregateRoot<infer Event> ? Event : never;

const classesByDecider = new WeakMap<AnyDecider, AggregateClass>();

/** The class behind an aggregate source: itself, or one that wraps the decider. */
export function aggregateClassOf<Source extends AggregateSource>(
  source: Source,
): AggregateClass<AggregateOf<Source> & AggregateRoot> {
  const aggregateClass = isClass(source) ? source : wrap(source);
  aggregateTypeOf(aggregateClass);
  return aggregateClass as AggregateClass<AggregateOf<Source> & AggregateRoot>;
}

function isClass(source: AggregateSource): source is AggregateClass {
  return typeof source === 'function';
}

function wrap(decider: AnyDecider): AggregateClass {
  let wrapped = classesByDecider.get(decider);
  if (wrapped === undefined) {
    wrapped = class extends DeciderAggregate<unknown, object, unknown> {
      constructor() {
        super(decider);
      }
    };
    Aggregate(decider.aggregateType, { snapshots: decider.snapshots })(wrapped);
    Object.defineProperty(wrapped, 'name', { value: decider.aggregateType });
    classesByDecider.set(decider, wrapped);
  }
  return wrapped;
}
