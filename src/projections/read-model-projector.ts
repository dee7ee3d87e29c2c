import { EventNotNamed, eventTypeOf } from '../domain/index.ts';
import { ViewTaken } from '../application/ports/read-model-errors.ts';
import type { Class, Recorded } from '../domain/index.ts';
import type { EventReader } from '../application/schema/event-reader.ts';
import { DocumentProjection } from './document-projection.ts';
import { DocumentProjector } from './document-projector.ts';
import { EventHandler } from './event-handler.ts';
import { HandlerProjection } from './handler-projection.ts';
import type { EventReaction, ReactionServices } from './handler-projection.ts';
import type { Projection } from './projection.ts';
import {
  ProjectionNameTaken,
  RegisteredTooLate,
  TypeReadAsOther,
  UnknownProjection,
} from './projection-errors.ts';
import { projectorInfoOf } from './projector.ts';
import { projectorHandlers } from './projector-handlers.ts';
import { TableProjection } from './table-projection.ts';
import { TableProjector } from './table-projector.ts';

/** The registry of what happens to read models: which handlers an event type has. */
export class ReadModelProjector {
  readonly #projections = new Map<string, Projection>();
  readonly #byClass = new Map<Class, Projection>();
  /* What is to be seen under a name in the database. */
  readonly #views = new Map<string, { readonly name: string; readonly table: string }>();
  readonly #reader: EventReader;
  readonly #reactions: ReactionServices;
  #isStarted = false;

  constructor(reader: EventReader, reactions: ReactionServices) {
    this.#reader = reader;
    this.#reactions = reactions;
  }

  /** Every projection, in the order in which they were registered. */
  get projections(): readonly Projection[] {
    return [...this.#projections.values()];
  }

  /**
   * Registers a function for an event class or type: one that upcasters give, where events are stored under others.
   *
   * Functions registered under one name share a checkpoint and see each event at least once, in order. To be
   * called before the app starts.
   *
   * @param projection - the name of the checkpoint; default `handlers`
   * @throws {EventNotNamed} the class has no `@Event`
   * @throws {ProjectionNameTaken} a projector class has this name
   * @throws {RegisteredTooLate} the app has started
   * @throws {TypeReadAsOther} upcasters read all events of the type as another
   */
  register(event: Class | string, reaction: EventReaction, projection = 'handlers'): this {
    if (this.#isStarted) throw new RegisteredTooLate(projection);
    const handlers =
      this.#projections.get(keyOf({ name: projection, version: 1 })) ?? this.#newHandlers(projection);
    if (!(handlers instanceof HandlerProjection) || handlers.projectorClass !== undefined) {
      throw new ProjectionNameTaken(projection);
    }
    for (const type of typesOf(event)) {
      const successors = this.#reader.successorsOf(type);
      if (successors !== undefined) throw new TypeReadAsOther(type, successors);
      handlers.add(type, reaction.name, reaction);
    }
    return this;
  }

  /**
   * Registers an instance of a class that is decorated with `@Projector`.
   *
   * @throws {ViewTaken} another projection shows a table under the same name
   */
  registerProjector(projector: object, projectorClass: Class): Projection {
    const projection = this.#projectionOf(projector, projectorClass);
    this.#requireOwnViews(projection);
    this.#projections.set(keyOf(projection), projection);
    this.#byClass.set(projectorClass, projection);
    return projection;
  }

  /** The projection of a projector class, or the latest of a name. @throws {UnknownProjection} no module lists it */
  projectionOf(projector: Class | string): Projection {
    const projection = typeof projector === 'string' ? this.#latest(projector) : this.#byClass.get(projector);
    if (projection !== undefined) return projection;
    throw new UnknownProjection(typeof projector === 'string' ? `"${projector}"` : projector.name);
  }

  /** Refuses further registrations, because the projections run now. */
  start(): void {
    this.#isStarted = true;
  }

  /**
   * Calls the functions and event handlers that are registered for the type of an event, now and beside the feed: no
   * checkpoint moves. For tests, and for events that are not stored here. Documents and tables are left alone: they are
   * written with their checkpoints.
   *
   * @throws what the first handler that fails throws; those after it are not called
   */
  async project(event: Recorded): Promise<void> {
    for (const projection of this.#projections.values()) {
      if (projection instanceof HandlerProjection) await projection.react([event]);
    }
  }

  #requireOwnViews(projection: Projection): void {
    for (const [view, table] of viewsOf(projection)) {
      const taken = this.#views.get(view);
      if (taken !== undefined && taken.name !== projection.name) {
        const shown = `table "${taken.table}" of projection "${taken.name}"`;
        throw new ViewTaken(view, projection.name, shown);
      }
      this.#views.set(view, { name: projection.name, table });
    }
  }

  #latest(name: string): Projection | undefined {
    const named = this.projections.filter(projection => projection.name === name);
    return named.sort((a, b) => b.version - a.version)[0];
  }

  #newHandlers(name: string): HandlerProjection {
    const info = { name, version: 1 };
    const projection = new HandlerProjection(info, undefined, this.#reader, this.#reactions);
    this.#projections.set(keyOf(projection), projection);
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
        this.#reader,
      );
    }
    if (projector instanceof TableProjector) {
      const services = { reader: this.#reader, scope: this.#reactions.scope };
      return new TableProjection(projector, projectorClass, info, services);
    }
    if (!(projector instanceof EventHandler)) throw new UnknownProjection(projectorClass.name);
    const projection = new HandlerProjection(info, projectorClass, this.#reader, this.#reactions);
    for (const [type, handlers] of projectorHandlers(projector, projectorClass)) {
      for (const handler of handlers) projection.add(type, handler.name, event => handler.call(event));
    }
    return projection;
  }
}

/* Two versions of one projector may run side by side. */
function keyOf({ name, version }: Pick<Projection, 'name' | 'version'>): string {
  return `${name}@${version}`;
}

/* The tables of a projection by the names under which they are to be seen. */
function viewsOf({ name, tables }: Projection): ReadonlyMap<string, string> {
  const names = tables === 'documents' ? ['documents'] : Object.keys(tables);
  return new Map(names.map(table => [`${name}_${table}`, table]));
}

function typesOf(event: Class | string): readonly string[] {
  if (typeof event === 'string') return [event];
  const type = eventTypeOf(event);
  if (type === undefined) throw new EventNotNamed(event.name);
  return [type.name, ...type.aliases];
}
