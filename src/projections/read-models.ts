import type { Class, Recorded } from '../domain/index.ts';
import { checkDocumentIds } from '../application/events/check-document-query.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import type { DocumentFilter, DocumentQuery, ReadModelStore } from '../application/ports/read-model-store.ts';
import { DocumentProjection } from './document-projection.ts';
import type { DocumentOf } from './document-projector.ts';
import { NotStored, UnknownProjection } from './projection-errors.ts';
import type { ReadModelProjector } from './read-model-projector.ts';

/** A document and the key it is stored under. */
export interface Keyed<Document> {
  readonly id: string;
  readonly document: Document;
}

/** The documents of one projector. */
export interface ReadModel<Document> {
  /** The document under `id`; undefined if there is none. */
  get(id: string): Promise<Document | undefined>;
  /** The documents that exist, by id. */
  getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Document>>;
  /** The documents that match, by id unless ordered otherwise. */
  find(query?: DocumentQuery<Document>): Promise<readonly Keyed<Document>[]>;
  count(where?: DocumentFilter<Document>): Promise<number>;
  /** The document as it was after a position or at a time (both inclusive), folded from the events. */
  asOf(
    id: string,
    at: { readonly position: number } | { readonly time: Date },
  ): Promise<Document | undefined>;
}

/** Gives access to the read models of an app. */
export class ReadModels {
  readonly #registry: ReadModelProjector;
  readonly #events: EventStore;
  readonly #store: ReadModelStore;

  constructor(registry: ReadModelProjector, events: EventStore, store: ReadModelStore) {
    this.#registry = registry;
    this.#events = events;
    this.#store = store;
  }

  /** The read model of a document projector. @throws {UnknownProjection} no module lists it */
  of<P extends object>(projectorClass: Class<P>): ReadModel<DocumentOf<P>> {
    const projection = this.#registry.projectionOf(projectorClass);
    if (!(projection instanceof DocumentProjection)) throw new UnknownProjection(projectorClass.name);
    return new DocumentReadModel<DocumentOf<P>>(projection, this.#events, this.#store);
  }
}

class DocumentReadModel<Document> implements ReadModel<Document> {
  readonly #projection: DocumentProjection;
  readonly #events: EventStore;
  readonly #store: ReadModelStore;

  constructor(projection: DocumentProjection, events: EventStore, store: ReadModelStore) {
    this.#projection = projection;
    this.#events = events;
    this.#store = store;
  }

  async get(id: string): Promise<Document | undefined> {
    return (await this.getMany([id])).get(id);
  }

  async getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    checkDocumentIds(ids);
    if (this.#projection.mode === 'live') return this.#foldMany(ids);
    const found = await this.#store.getDocuments(this.#projection, ids);
    return new Map(found.map(({ id, document }) => [id, document as Document]));
  }

  async find(query: DocumentQuery<Document> = {}): Promise<readonly Keyed<Document>[]> {
    this.#requireStored('find documents');
    const found = await this.#store.findDocuments(this.#projection, query);
    return found.map(({ id, document }) => ({ id, document: document as Document }));
  }

  async count(where?: DocumentFilter<Document>): Promise<number> {
    this.#requireStored('count documents');
    return this.#store.countDocuments(this.#projection, where);
  }

  async asOf(id: string, at: { position: number } | { time: Date }): Promise<Document | undefined> {
    const isBefore = (event: Recorded): boolean =>
      'position' in at ? event.position <= at.position : event.recordedAt <= at.time;
    const events: Recorded[] = [];
    for await (const event of this.#eventsOf(id)) if (isBefore(event)) events.push(event);
    return this.#projection.fold(id, events) as Document | undefined;
  }

  async #foldMany(ids: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    const documents = new Map<string, Document>();
    for (const id of ids) {
      const document = await this.asOf(id, { position: Infinity });
      if (document !== undefined) documents.set(id, document);
    }
    return documents;
  }

  /* With the default key only the aggregate's own events count; with another, any event may. */
  async *#eventsOf(id: string): AsyncIterable<Recorded> {
    const { types, isKeyedByAggregate } = this.#projection;
    if (!isKeyedByAggregate) {
      yield* this.#events.readFeed({ types });
      return;
    }
    let cursor: string | undefined;
    do {
      const page = await this.#events.query({ types, aggregateId: id, limit: 1_000, cursor });
      yield* page.events;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  #requireStored(operation: string): void {
    if (this.#projection.mode === 'live') throw new NotStored(this.#projection.name, operation);
  }
}
