import type { Class } from './class.ts';
import { classOf } from './class.ts';
import { requireEventType } from './event.ts';
import { handlersOf } from './on.ts';
import { UnableToApplyEvent, applyGuarded } from './unable-to-apply-event.ts';

/** Is told of each event that is raised. */
export interface AggregateWatcher {
  /** Before the event is applied; what it throws refuses the event. */
  raising(): void;
  /** Once the event is applied and recorded. */
  raised?(): void;
}

/* What repositories may do and teams may not; not static methods, whose names every subclass would inherit. */
let access: {
  create<A extends AggregateRoot>(aggregateClass: new () => A, id: string): A;
  replay(aggregate: AggregateRoot, event: object, version: number): void;
  passOver(aggregate: AggregateRoot, version: number): void;
  markStored(aggregate: AggregateRoot, version: number): void;
  watch(aggregate: AggregateRoot, watcher: AggregateWatcher): void;
  isHalfChanged(aggregate: AggregateRoot): boolean;
  toSnapshot(aggregate: AggregateRoot): object | undefined;
  fromSnapshot(aggregate: AggregateRoot, state: unknown): void;
};

/**
 * Base of a consistency boundary: commands call its methods, methods `raise` events, and `@On` methods
 * are the only place where state changes.
 *
 * Name the class with `@Aggregate`; its constructor takes no argument. Give `Event` (a union) to have the
 * compiler refuse foreign events.
 */
export abstract class AggregateRoot<Event extends object = object> {
  #id = '';
  #version = 0;
  #pending: Event[] = [];
  #watcher: AggregateWatcher | undefined;
  #isHalfChanged = false;
  /** The event that is being applied, and by which method; nothing may be raised meanwhile. */
  #applying: { readonly event: Event; method: string | symbol } | undefined;

  /** The id under which the aggregate was created or loaded. */
  get id(): string {
    return this.#id;
  }

  /** The version of the stream that this state was folded from; 0 before the first event is stored. */
  get version(): number {
    return this.#version;
  }

  /** The events raised since the aggregate was loaded, in order; empty again once they are stored. */
  get pendingEvents(): readonly Event[] {
    return this.#pending;
  }

  /**
   * The keys that no other aggregate may hold while this one does, e.g. `email:ada@x.org`.
   *
   * Computed from state and compared before and after each command. A key is global: prefix it. It is
   * enforced when the events are stored, and free again once dropped.
   */
  uniqueKeys(): readonly string[] {
    return [];
  }

  /**
   * The state as a snapshot keeps it, where it is not in plain fields: those of JavaScript (`#private`) show to nobody.
   *
   * Plain JSON, all of the state, and nothing that the aggregate goes on changing. Write `fromSnapshot` with it.
   */
  protected toSnapshot?(): object;

  /** Takes the state that `toSnapshot` gave, after JSON, into an aggregate without events. */
  protected fromSnapshot?(state: unknown): void;

  /**
   * Applies an event to the state, then records it to be stored.
   *
   * @throws {EventNotNamed} the event's class has no `@Event`
   * @throws {UnableToApplyEvent} its `@On` method threw, returned a promise or raised an event
   */
  protected raise(event: Event): void {
    requireEventType(event);
    this.#refuseWhileApplying();
    this.#watcher?.raising();
    this.#apply(event);
    this.#pending.push(event);
    this.#watcher?.raised?.();
  }

  /** Changes the state by calling the `@On` methods of the event's class. */
  protected applyEvent(event: Event): void {
    for (const method of methodsFor(classOf(this), classOf(event))) {
      if (this.#applying !== undefined) this.#applying.method = method;
      callHandler(this, method, event);
    }
  }

  #apply(event: Event): void {
    this.#applying = { event, method: 'applyEvent' };
    try {
      this.applyEvent(event);
    } catch (error) {
      this.#isHalfChanged = true;
      throw error;
    } finally {
      this.#applying = undefined;
    }
  }

  /* It would be stored before its cause, and raised once more by each replay. */
  #refuseWhileApplying(): void {
    if (this.#applying === undefined) return;
    const { event, method } = this.#applying;
    throw new UnableToApplyEvent(placeOf(this, method, event), 'raised an event', undefined);
  }

  static {
    access = {
      create(aggregateClass, id) {
        const aggregate = new aggregateClass();
        aggregate.#id = id;
        return aggregate;
      },
      replay(aggregate, event, version) {
        aggregate.#apply(event);
        aggregate.#version = version;
      },
      passOver(aggregate, version) {
        aggregate.#version = version;
      },
      markStored(aggregate, version) {
        aggregate.#pending = [];
        aggregate.#version = version;
      },
      watch(aggregate, watcher) {
        aggregate.#watcher = watcher;
      },
      isHalfChanged: aggregate => aggregate.#isHalfChanged,
      toSnapshot: aggregate => aggregate.toSnapshot?.(),
      fromSnapshot: (aggregate, state) => aggregate.fromSnapshot?.(state),
    };
  }
}

/** Makes an empty aggregate, as before its first event. */
export function createAggregate<A extends AggregateRoot>(aggregateClass: new () => A, id: string): A {
  return access.create(aggregateClass, id);
}

/** Applies a stored event, which takes the aggregate to `version`. */
export function replayEvent(aggregate: AggregateRoot, event: object, version: number): void {
  access.replay(aggregate, event, version);
}

/** Takes an aggregate to `version` by a stored event of which nothing is left to apply. */
export function passOverEvent(aggregate: AggregateRoot, version: number): void {
  access.passOver(aggregate, version);
}

/** Forgets the pending events because they are stored, up to `version`. */
export function markStored(aggregate: AggregateRoot, version: number): void {
  access.markStored(aggregate, version);
}

/** Tells `watcher`, and no earlier one, of each event that is raised from now on. */
export function watchAggregate(aggregate: AggregateRoot, watcher: AggregateWatcher): void {
  access.watch(aggregate, watcher);
}

/** Whether an event could not be applied, so that what it had changed by then may be left in the state. */
export function isHalfChanged(aggregate: AggregateRoot): boolean {
  return access.isHalfChanged(aggregate);
}

/** Whether a class says itself how its state is copied. */
export function copiesItself(aggregateClass: Class): boolean {
  const { toSnapshot, fromSnapshot } = aggregateClass.prototype as Record<string, unknown>;
  return typeof toSnapshot === 'function' && typeof fromSnapshot === 'function';
}

/** What the aggregate's own `toSnapshot` gives. */
export function ownSnapshot(aggregate: AggregateRoot): object | undefined {
  return access.toSnapshot(aggregate);
}

/** Gives the aggregate's own `fromSnapshot` a state. */
export function takeOwnSnapshot(aggregate: AggregateRoot, state: unknown): void {
  access.fromSnapshot(aggregate, state);
}

const methodsByClass = new WeakMap<Class, Map<Class, readonly (string | symbol)[]>>();

function methodsFor(aggregateClass: Class, eventClass: Class): readonly (string | symbol)[] {
  let byEvent = methodsByClass.get(aggregateClass);
  if (byEvent === undefined) {
    byEvent = new Map<Class, readonly (string | symbol)[]>();
    methodsByClass.set(aggregateClass, byEvent);
  }
  let methods = byEvent.get(eventClass);
  if (methods === undefined) {
    methods = handlersOf(aggregateClass)
      .filter(handler => handler.eventClass === eventClass)
      .map(handler => handler.method);
    byEvent.set(eventClass, methods);
  }
  return methods;
}

function callHandler(aggregate: object, method: string | symbol, event: object): void {
  applyGuarded(placeOf(aggregate, method, event), () =>
    (aggregate as Record<string | symbol, (event: object) => unknown>)[method]?.(event),
  );
}

function placeOf(
  aggregate: object,
  method: string | symbol,
  event: object,
): Record<'aggregate' | 'method' | 'event', string> {
  return { aggregate: classOf(aggregate).name, method: String(method), event: classOf(event).name };
}
