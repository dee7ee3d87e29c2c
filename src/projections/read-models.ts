import { formatStream } from '../domain/index.ts';
import type { Class, Recorded, StreamId } from '../domain/index.ts';
import { checkDocumentIds } from '../application/events/check-document-query.ts';
import { checkBound, checkTime } from '../application/events/check-query.ts';
import { shown } from '../application/events/shown.ts';
import { InvalidQuery } from '../application/ports/event-store-errors.ts';
import type { EventQuery, EventStore } from '../application/ports/event-store.ts';
import type { AskedFreshness } from '../application/queries/query-bus.ts';
import type { ProjectionId } from '../application/ports/projection-states.ts';
import type { ProjectionWaiter } from '../application/ports/projection-waiter.ts';
import { BuildGone } from '../application/ports/read-model-errors.ts';
import type {
  DocumentFilter,
  DocumentQuery,
  ReadModelStore,
  StoredDocument,
} from '../application/ports/read-model-store.ts';
import type { Builds } from './builds.ts';
import type { WaitOptions } from './checkpoint-waiter.ts';
import { DocumentProjection } from './document-projection.ts';
import type { DocumentOf } from './document-projector.ts';
import { NotStored, UnknownProjection } from './projection-errors.ts';
import type { ReadModelProjector } from './read-model-projector.ts';
import type { SettledWaiter } from './settled-waiter.ts';

/** A document and the key it is stored under. */
export interface Keyed<Document> {
  readonly id: string;
  readonly document: Document;
}

/** A document, and where the last event that was folded into it stands. */
export interface Stored<Document> extends Keyed<Document> {
  /** The version of that event in its stream. */
  readonly version: number;
  readonly position: number;
}

/** A version of a stream; the result of an append is one. */
export interface StreamVersion {
  readonly stream: StreamId;
  readonly version: number;
}

/** How to read documents. */
export interface GetOptions extends WaitOptions {
  /** Waits until everything up to here is in the read model: a position or version that an append has returned. */
  readonly atLeast?: { readonly position: number } | StreamVersion | undefined;
}

/** A moment in the past, inclusive. */
export type PastMoment = { readonly position: number } | { readonly time: Date };

type EventBound = Pick<EventQuery, 'toPosition' | 'until'>;

/** A page of documents. */
export interface DocumentPage<Document> {
  readonly documents: readonly Keyed<Document>[];
  /** To be passed as `after` with the same order and conditions; undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/** The documents of one projector. */
export interface ReadModel<Document> {
  /**
   * The document under `id`; undefined if there is none.
   *
   * @throws {ProjectionWaitTimeout} it did not get as far as `atLeast` in time
   */
  get(id: string, options?: GetOptions): Promise<Document | undefined>;
  /** The documents that exist, by id. */
  getMany(ids: readonly string[], options?: GetOptions): Promise<ReadonlyMap<string, Document>>;
  /** Like `get`, with the place of the last event in the document. */
  getStored(id: string, options?: GetOptions): Promise<Stored<Document> | undefined>;
  /** The documents that match, by id unless ordered otherwise. */
  find(query?: DocumentQuery<Document>, options?: GetOptions): Promise<readonly Keyed<Document>[]>;
  /**
   * Like `find`, with the cursor of the next page.
   *
   * Pages hold together while documents change: none is shown twice or passed over that stays where it is.
   *
   * @throws {InvalidQuery} `after` is no cursor of this query
   */
  findPage(query?: DocumentQuery<Document>, options?: GetOptions): Promise<DocumentPage<Document>>;
  /** How many documents match. */
  count(where?: DocumentFilter<Document>, options?: GetOptions): Promise<number>;
  /**
   * The document as it was after a position or at a time (both inclusive), folded from the events.
   *
   * At a position: it waits until the log is settled up to there, so that the answer never changes. At a time means: of
   * the events recorded until then, whatever their positions.
   *
   * @throws {InvalidQuery} the moment is not one position or one time
   * @throws {ProjectionWaitTimeout} an append with a lower position did not end in time, or the position is none that an
   *   append has returned
   */
  asOf(id: string, at: PastMoment, options?: WaitOptions): Promise<Document | undefined>;
}

/** What read models are read from. */
export interface ReadModelSources {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly builds: Builds;
  readonly waiter: ProjectionWaiter;
  readonly settled: SettledWaiter;
  /** What the query that is being answered asks of what it reads. */
  readonly askedFreshness: () => AskedFreshness | undefined;
}

/** Gives access to the read models of an app. */
export class ReadModels {
  readonly #registry: ReadModelProjector;
  readonly #sources: ReadModelSources;

  constructor(registry: ReadModelProjector, sources: ReadModelSources) {
    this.#registry = registry;
    this.#sources = sources;
  }

  /** The read model of a document projector. @throws {UnknownProjection} no module lists it */
  of<P extends object>(projectorClass: Class<P>): ReadModel<DocumentOf<P>> {
    const projection = this.#registry.projectionOf(projectorClass);
    if (!(projection instanceof DocumentProjection)) throw new UnknownProjection(projectorClass.name);
    return new DocumentReadModel<DocumentOf<P>>(projection, this.#sources);
  }
}

class DocumentReadModel<Document> implements ReadModel<Document> {
  readonly #projection: DocumentProjection;
  readonly #events: EventStore;
  readonly #store: ReadModelStore;
  readonly #builds: Builds;
  readonly #waiter: ProjectionWaiter;
  readonly #settled: SettledWaiter;
  readonly #askedFreshness: ReadModelSources['askedFreshness'];

  constructor(projection: DocumentProjection, sources: ReadModelSources) {
    const { events, readModels, builds, waiter, settled, askedFreshness } = sources;
    this.#projection = projection;
    this.#events = events;
    this.#store = readModels;
    this.#builds = builds;
    this.#waiter = waiter;
    this.#settled = settled;
    this.#askedFreshness = askedFreshness;
  }

  async get(id: string, options?: GetOptions): Promise<Document | undefined> {
    return (await this.getMany([id], options)).get(id);
  }

  async getMany(ids: readonly string[], options: GetOptions = {}): Promise<ReadonlyMap<string, Document>> {
    checkDocumentIds(ids);
    await this.#untilAtLeast(options);
    if (this.#projection.mode === 'live') return this.#foldMany(ids);
    const found = await this.#read(build => this.#store.getDocuments(build, ids));
    return new Map(found.map(({ id, document }) => [id, document as Document]));
  }

  async find(query: DocumentQuery<Document> = {}, options?: GetOptions): Promise<readonly Keyed<Document>[]> {
    return (await this.findPage(query, options)).documents;
  }

  async findPage(
    query: DocumentQuery<Document> = {},
    options: GetOptions = {},
  ): Promise<DocumentPage<Document>> {
    this.#requireStored('find documents');
    await this.#untilAtLeast(options);
    const { documents, nextCursor } = await this.#read(build => this.#store.findDocuments(build, query));
    return {
      documents: documents.map(({ id, document }) => ({ id, document: document as Document })),
      nextCursor,
    };
  }

  async count(where?: DocumentFilter<Document>, options: GetOptions = {}): Promise<number> {
    this.#requireStored('count documents');
    await this.#untilAtLeast(options);
    return this.#read(build => this.#store.countDocuments(build, where));
  }

  async getStored(id: string, options: GetOptions = {}): Promise<Stored<Document> | undefined> {
    checkDocumentIds([id]);
    await this.#untilAtLeast(options);
    const [found] =
      this.#projection.mode === 'live'
        ? [await this.#fold(id, {})]
        : await this.#read(build => this.#store.getDocuments(build, [id]));
    return found as Stored<Document> | undefined;
  }

  async asOf(id: string, at: PastMoment, options: WaitOptions = {}): Promise<Document | undefined> {
    checkDocumentIds([id]);
    const bound = boundOf(at);
    if (bound.toPosition !== undefined) {
      await this.#settled.waitFor(this.#projection, bound.toPosition, options);
    }
    return (await this.#fold(id, bound))?.document as Document | undefined;
  }

  async #foldMany(ids: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    const documents = new Map<string, Document>();
    for (const id of ids) {
      const found = await this.#fold(id, {});
      if (found !== undefined) documents.set(id, found.document as Document);
    }
    return documents;
  }

  async #fold(id: string, bound: EventBound): Promise<StoredDocument | undefined> {
    return this.#projection.fold(id, this.#eventsOf(id, bound));
  }

  /* With the default key only the aggregate's own events count; with another, any event may. */
  #eventsOf(id: string, bound: EventBound): AsyncIterable<Recorded> {
    const { types, isKeyedByAggregate } = this.#projection;
    if (isKeyedByAggregate) return this.#found({ types, aggregateId: id, ...bound });
    // Times are nearly in the order of positions, but not quite, so that no position bounds them.
    if (bound.until !== undefined) return this.#found({ types, ...bound });
    return this.#events.readFeed({ types, toPosition: bound.toPosition });
  }

  async *#found(query: EventQuery): AsyncIterable<Recorded> {
    let cursor: string | undefined;
    do {
      const page = await this.#events.query({ ...query, limit: 1_000, cursor });
      yield* page.events;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /* Which build serves may have changed on another node, and the one known here may be gone. */
  async #read<T>(work: (build: ProjectionId) => Promise<T>): Promise<T> {
    try {
      return await work(this.#builds.serving(this.#projection));
    } catch (error) {
      if (!(error instanceof BuildGone)) throw error;
      await this.#builds.refresh();
      return work(this.#builds.serving(this.#projection));
    }
  }

  async #untilFresh(): Promise<void> {
    const asked = this.#askedFreshness();
    if (asked === undefined) return;
    const { position, timeoutMs, signal } = asked;
    await this.#waiter.waitFor(this.#projection.projectorClass, position, { timeoutMs, signal });
  }

  async #untilAtLeast({ atLeast, ...options }: GetOptions): Promise<void> {
    await this.#untilFresh();
    if (atLeast === undefined) return;
    const position = await this.#positionOf(atLeast);
    await this.#waiter.waitFor(this.#projection.projectorClass, position, options);
  }

  async #positionOf(atLeast: NonNullable<GetOptions['atLeast']>): Promise<number> {
    const { position, stream, version } = Object(atLeast) as Partial<StreamVersion & { position: number }>;
    if (position !== undefined) return position;
    if (!stream || version === undefined) {
      throw new InvalidQuery(
        `The bound atLeast is ${shown(atLeast)}. Give { position } or { stream, version }, as an append returns them.`,
      );
    }
    const bounds = { fromVersion: version, toVersion: version };
    for await (const { position } of this.#events.readStream(stream, bounds)) return position;
    throw new InvalidQuery(
      `Stream "${formatStream(stream)}" is not at version ${version}, so no document can be. ` +
        'Give a version that an append has returned.',
    );
  }

  #requireStored(operation: string): void {
    if (this.#projection.mode === 'live') throw new NotStored(this.#projection.name, operation);
  }
}

/* Exactly one: a bound that is missing or misspelt would pass the present off as the past. */
function boundOf(at: PastMoment | undefined): EventBound {
  const { position, time } = (at ?? {}) as { readonly position?: number; readonly time?: Date };
  if (position !== undefined && time === undefined)
    return { toPosition: checkBound('position', position, 0) };
  if (time !== undefined && position === undefined) return { until: checkTime('time', time) };
  throw new InvalidQuery(
    `The moment ${shown(at)} does not say which past is meant. Give either { position } or { time }.`,
  );
}
