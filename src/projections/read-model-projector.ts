import { EventNotNamed, eventTypeOf } from '../domain/index.ts';
import type { Class, Recorded } from '../domain/index.ts';
import type { ExecutionScope } from '../application/execution/execution-scope.ts';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import { DocumentProjection } from './document-projection.ts';
import { DocumentProjector } from './document-projector.ts';
import { EventHandler } from './event-handler.ts';
import { HandlerProjection } from './handler-projection.ts';
import type { EventReaction } from './handler-projection.ts';
import type { Projection } from './projection.ts';
import { ProjectionNameTaken, RegisteredTooLate, UnknownProjection } from './projection-errors.ts';
import { projectorInfoOf } from './projector.ts';
import { projectorHandlers } from './projector-handlers.ts';
import type { Deserialize } from './projector-handlers.ts';
import { TableProjection } from './table-projection.ts';
import { TableProjector } from './table-projector.ts';

/** The registry of what happens to read models: which handlers an event type has. */
export class ReadModelProjector {
  readonly #projections = new Map<string, Projection>();
  readonly #byClass = new Map<Class, Projection>();
  readonly #deserialize: Deserialize;
  readonly #scope: ExecutionScope;
  #isStarted = false;

  constructor(deserialize: Deserialize, scope: ExecutionScope) {
    this.#deserialize = deserialize;
    this.#scope = scope;
  }

  /** Every projection, in the order in which they were registered. */
  get projections(): readonly Projection[] {
    return [...this.#projections.values()];
  }

  /**
   * Registers a function for an event class or type.
   *
   * Functions registered under one name share a checkpoint and see each event at least once, in order. To be
   * called before the app starts.
   *
   * @param projection - the name of the checkpoint; default `handlers`
   * @throws {EventNotNamed} the class has no `@Event`
   * @throws {ProjectionNameTaken} a projector class has this name
   * @throws {RegisteredTooLate} the app has started
   */
  register(event: Class | string, reaction: EventReaction, projection = 'handlers'): this {
    if (this.#isStarted) throw new RegisteredTooLate(projection);
    const handlers = this.#projections.get(projection) ?? this.#newHandlers(projection);
    if (!(handlers instanceof HandlerProjection) || handlers.projectorClass !== undefined) {
      throw new ProjectionNameTaken(projection);
    }
    for (const type of typesOf(event)) handlers.add(type, reaction.name, reaction);
    return this;
  }

  /** Registers an instance of a class that is decorated with `@Projector`. */
  registerProjector(projector: object, projectorClass: Class): Projection {
    const projection = this.#projectionOf(projector, projectorClass);
    this.#projections.set(projection.name, projection);
    this.#byClass.set(projectorClass, projection);
    return projection;
  }

  /** The projection of a projector class. @throws {UnknownProjection} no module lists it */
  projectionOf(projectorClass: Class): Projection {
    const projection = this.#byClass.get(projectorClass);
    if (projection === undefined) throw new UnknownProjection(projectorClass.name);
    return projection;
  }

  /** Refuses further registrations, because the projections run now. */
  start(): void {
    this.#isStarted = true;
  }

  /** Hands one event to every projection that handles its type, in one transaction. */
  async project(event: Recorded, transaction: ReadModelTransaction): Promise<void> {
    for (const projection of this.#projections.values()) {
      if (projection.types.includes(event.type)) await projection.project([event], transaction, projection);
    }
  }

  #newHandlers(name: string): HandlerProjection {
    const projection = new HandlerProjection({ name, version: 1 }, undefined, this.#deserialize, this.#scope);
    this.#projections.set(name, projection);
    return projection;
  }

  #projectionOf(projector: object, projectorClass: Class): Projection {
    const info = projectorInfoOf(projectorClass);
    if (info === undefined) throw new UnknownProjection(projectorClass.name);
    if (projector instanceof DocumentProjector) {
      return new DocumentProjection(
        projector as DocumentProjector<object>,
        projectorClass,
        info,
        this.#deserialize,
      );
    }
    if (projector instanceof TableProjector) {
      return new TableProjection(projector, projectorClass, info, this.#deserialize);
    }
    if (!(projector instanceof EventHandler)) throw new UnknownProjection(projectorClass.name);
    const projection = new HandlerProjection(info, projectorClass, this.#deserialize, this.#scope);
    for (const [type, handlers] of projectorHandlers(projector, projectorClass)) {
      for (const handler of handlers) projection.add(type, handler.name, event => handler.call(event));
    }
    return projection;
  }
}

function typesOf(event: Class | string): readonly string[] {
  if (typeof event === 'string') return [event];
  const type = eventTypeOf(event);
  if (type === undefined) throw new EventNotNamed(event.name);
  return [type.name, ...type.aliases];
}
