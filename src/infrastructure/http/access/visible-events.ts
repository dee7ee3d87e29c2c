import type { Recorded, StreamId } from '../../../domain/index.ts';
import { causationTree } from '../../../application/index.ts';
import type {
  CausationNode,
  EventFilter,
  EventPage,
  EventQuery,
  EventStore,
} from '../../../application/index.ts';
import { Forbidden, NotFound } from '../http-errors.ts';
import type { Identity } from './identity.ts';

/** Bounds of a past state. */
export interface PastBounds {
  readonly toVersion?: number | undefined;
  readonly until?: Date | undefined;
}

/** The causes and effects of an event, as far as somebody may see them. */
export interface VisibleCausation {
  readonly roots: readonly CausationNode[];
  readonly ancestors: readonly Recorded[];
  readonly isComplete: boolean;
}

/**
 * The events that somebody may see: all, or those of their own user id. Every way to read goes through it.
 *
 * What belongs to somebody else is answered like what does not exist.
 */
export class VisibleEvents {
  readonly #events: EventStore;
  readonly #identity: Identity;

  constructor(events: EventStore, identity: Identity) {
    this.#events = events;
    this.#identity = identity;
  }

  /** Whether they may see an event. */
  includes(event: Recorded): boolean {
    return this.#identity.seesAll || event.userId === this.#identity.userId;
  }

  /** A page of a query. @throws {Forbidden} it asks for another user's events */
  async query(query: EventQuery): Promise<EventPage> {
    return this.#events.query(this.restrict(query));
  }

  /** How many events of each type match. @throws {Forbidden} it asks for another user's events */
  async countByType(filter: EventFilter): Promise<Readonly<Record<string, number>>> {
    return this.#events.countByType(this.restrict(filter));
  }

  /** One event. @throws {NotFound} */
  async get(eventId: string): Promise<Recorded> {
    const event = await this.#events.get(eventId);
    if (event !== undefined && this.includes(event)) return event;
    throw new NotFound(`There is no event ${eventId}.`);
  }

  /** What an event came from and what came of it. @throws {NotFound} */
  async causation(eventId: string): Promise<VisibleCausation> {
    await this.get(eventId);
    const tree = await causationTree(this.#events, eventId);
    if (tree === undefined) throw new NotFound(`There is no event ${eventId}.`);
    const { roots, ancestors, isComplete } = tree;
    return {
      roots: this.#prune(roots),
      ancestors: ancestors.filter(each => this.includes(each)),
      isComplete,
    };
  }

  /** The version of a stream; undefined if it has none, or is not theirs. */
  async versionOf(stream: StreamId): Promise<number | undefined> {
    const isTheirs = this.#identity.seesAll || (await this.#ownerOf(stream)) === this.#identity.userId;
    const version = isTheirs ? await this.#events.streamVersion(stream) : 0;
    return version === 0 ? undefined : version;
  }

  /**
   * The version of a past state, every event of which they may see.
   *
   * @throws {NotFound} there are none, or some are somebody else's: a state tells of all of its events
   */
  async versionAt(stream: StreamId, bounds: PastBounds): Promise<number> {
    const nearest = { direction: 'backwards', limit: 1 } as const;
    let version = 0;
    for await (const event of this.#events.readStream(
      stream,
      this.#identity.seesAll ? { ...bounds, ...nearest } : bounds,
    )) {
      if (!this.includes(event)) throw noSuchAggregate(stream);
      version = event.version;
    }
    if (version === 0) throw noSuchAggregate(stream);
    return version;
  }

  /**
   * Whether a stream exists, for somebody who wants to append to it.
   *
   * @throws {Forbidden} its first event is somebody else's
   */
  async requireOwn(stream: StreamId): Promise<'exists' | 'none'> {
    const owner = await this.#ownerOf(stream);
    if (owner === null) return 'none';
    if (owner === this.#identity.userId) return 'exists';
    throw new Forbidden(`The ${stream.aggregateType} belongs to another user.`);
  }

  /* Null: the stream does not exist. Undefined: its first event has no user. */
  async #ownerOf(stream: StreamId): Promise<string | null | undefined> {
    for await (const first of this.#events.readStream(stream, { limit: 1 })) return first.userId;
    return null;
  }

  /** A filter that finds only what they may see. @throws {Forbidden} it asks for another user's events */
  restrict<Filter extends EventFilter>(filter: Filter): Filter {
    const { seesAll, userId } = this.#identity;
    if (seesAll) return filter;
    if (filter.userId === undefined || filter.userId === userId) return { ...filter, userId };
    throw new Forbidden(
      'The events of another user are shown only to who sees all events. Leave out user_id.',
    );
  }

  /* What is hidden gives its place to what it caused. */
  #prune(nodes: readonly CausationNode[]): readonly CausationNode[] {
    if (this.#identity.seesAll) return nodes;
    return nodes.flatMap(({ event, children }) => {
      const visible = this.#prune(children);
      return this.includes(event) ? [{ event, children: visible }] : visible;
    });
  }
}

function noSuchAggregate({ aggregateType, aggregateId }: StreamId): NotFound {
  return new NotFound(`There is no ${aggregateType} "${aggregateId}" at that time.`);
}
