import { aggregateTypeOf } from '../../domain/index.ts';
import type {
  AggregateClass,
  AggregateOf,
  AggregateRoot,
  AggregateSource,
  EventOf,
  Recorded,
  StreamId,
} from '../../domain/index.ts';
import { createAggregate, passOverEvent, replayEvent, watchAggregate } from '../../domain/aggregate-root.ts';
import type { AggregateWatcher } from '../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../domain/decider.ts';
import { checkStreamId } from '../../domain/identifiers.ts';
import { checkStreamBounds } from '../events/check-query.ts';
import type { EventStore, ReadStreamOptions } from '../ports/event-store.ts';
import type { EventReader } from '../schema/event-reader.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { pagesIn } from '../subscriptions/event-pages.ts';
import { AggregateNotFound, ReadOnlyAggregate } from './aggregate-errors.ts';

/** Which past state to rebuild; default: the latest. */
export interface RebuildOptions {
  /** Inclusive. */
  readonly toVersion?: number | undefined;
  /** The state as it was at this time, inclusive. */
  readonly asOf?: Date | undefined;
}

/** Which part of a history to replay; default: all of it. */
export interface ReplayOptions {
  /** Inclusive. */
  readonly fromVersion?: number | undefined;
  /** Inclusive. */
  readonly toVersion?: number | undefined;
}

/** Brings state back from events. */
export class EventReplay {
  readonly #store: EventStore;
  readonly #reader: EventReader;
  readonly #snapshots: Snapshots | undefined;

  /** @param snapshots - where a fold may begin; default: always with the first event */
  constructor(store: EventStore, reader: EventReader, snapshots?: Snapshots) {
    this.#store = store;
    this.#reader = reader;
    this.#snapshots = snapshots;
  }

  /**
   * The aggregate as its events made it, at the latest or an earlier version or time; for reading only.
   *
   * Nobody would store what it raised, so it refuses to (`ReadOnlyAggregate`), inside of a handler as well.
   *
   * @throws {AggregateNotFound} it has no events up to there
   * @throws {UnableToUpcast} an upcaster failed on one of them
   */
  async rebuildAggregate<Source extends AggregateSource>(
    source: Source,
    id: string,
    options: RebuildOptions = {},
  ): Promise<AggregateOf<Source>> {
    const aggregate = await this.findAggregate(source, id, options);
    if (aggregate === undefined) throw new AggregateNotFound(streamOf(source, id));
    return aggregate;
  }

  /** Like `rebuildAggregate`, but undefined where there are no events. */
  async findAggregate<Source extends AggregateSource>(
    source: Source,
    id: string,
    options: RebuildOptions = {},
  ): Promise<AggregateOf<Source> | undefined> {
    const aggregate = await this.#find(aggregateClassOf(source), streamOf(source, id), {
      toVersion: options.toVersion,
      until: options.asOf,
    });
    if (aggregate !== undefined) watchAggregate(aggregate, readOnly);
    return aggregate;
  }

  /**
   * The aggregate's events in version order, as upcasters read them today, payloads as instances of their classes.
   *
   * Where one stored event is read as several, these follow each other with one version.
   */
  async *replayEvents<Source extends AggregateSource>(
    source: Source,
    id: string,
    options: ReplayOptions = {},
  ): AsyncIterable<Recorded<EventOf<Source>>> {
    for await (const event of this.#store.readStream(streamOf(source, id), options)) {
      yield* this.#reader.read(event) as readonly Recorded<EventOf<Source>>[];
    }
  }

  async #find<A extends AggregateRoot>(
    aggregateClass: AggregateClass<A>,
    stream: StreamId,
    bounds: Pick<ReadStreamOptions, 'toVersion' | 'until'>,
  ): Promise<A | undefined> {
    if (this.#snapshots?.areKept(aggregateClass) === true) {
      const restored = await this.#foldTail(this.#snapshots, aggregateClass, stream, bounds);
      if (restored !== undefined) return restored;
    }
    const aggregate = createAggregate(aggregateClass, stream.aggregateId);
    await this.#fold(aggregate, stream, bounds);
    return aggregate.version === 0 ? undefined : aggregate;
  }

  /* From the newest snapshot on; undefined where none is of use, and all events are to be folded. */
  async #foldTail<A extends AggregateRoot>(
    snapshots: Snapshots,
    aggregateClass: AggregateClass<A>,
    stream: StreamId,
    bounds: Pick<ReadStreamOptions, 'toVersion' | 'until'>,
  ): Promise<A | undefined> {
    checkStreamBounds(bounds);
    const start = await snapshots.newest(aggregateClass, checkStreamId(stream), bounds.toVersion);
    if (start === undefined) return undefined;
    const apply = (stored: Recorded): void => this.#apply(start.aggregate, stored);
    const tail = this.#store.readStream(stream, { ...bounds, fromVersion: start.fromVersion });
    for await (const page of pagesIn(tail)) {
      for (const stored of page) if (!start.take(stored, apply)) return undefined;
    }
    return start.end({ isBoundByTime: bounds.until !== undefined });
  }

  async #fold(aggregate: AggregateRoot, stream: StreamId, bounds: ReadStreamOptions): Promise<void> {
    for await (const page of pagesIn(this.#store.readStream(stream, bounds))) {
      for (const stored of page) this.#apply(aggregate, stored);
    }
  }

  #apply(aggregate: AggregateRoot, stored: Recorded): void {
    const events = this.#reader.read(stored);
    for (const { payload } of events) replayEvent(aggregate, payload, stored.version);
    if (events.length === 0) passOverEvent(aggregate, stored.version);
  }
}

/* A unit of work that takes the aggregate puts its own watch in the place of this. */
const readOnly: AggregateWatcher = {
  raising() {
    throw new ReadOnlyAggregate();
  },
};

/** The stream of an aggregate. */
export function streamOf(source: AggregateSource, aggregateId: string): StreamId {
  return { aggregateType: aggregateTypeOf(aggregateClassOf(source)), aggregateId };
}
