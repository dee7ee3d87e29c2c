import { CheckpointMoved } from '../../application/ports/read-model-errors.ts';
import type { ParkedCount, ParkedEvents, ParkedKey } from '../../application/ports/parked-events.ts';
import type {
  Checkpoint,
  DocumentChange,
  DocumentQuery,
  InlineProjections,
  ProjectionId,
  ProjectionTables,
  ReadModelStore,
  ReadModelTransaction,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';
import { checkDocumentFilter, checkDocumentQuery } from '../../application/events/check-document-query.ts';
import { Listeners } from '../../application/events/listeners.ts';
import { AnnalsError } from '../../domain/index.ts';
import type { Recorded } from '../../domain/index.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { isStoreAway } from '../../application/events/is-store-away.ts';
import { findDocuments } from './find-documents.ts';
import { MemoryParkedEvents, nothingParked, parkedKeys } from './memory-parked-events.ts';
import type { MemoryParked } from './memory-parked-events.ts';

/** A table projector was given to a store that has no tables. */
export class SqlNeeded extends AnnalsError {
  readonly code = 'sql-needed';

  constructor() {
    super(
      'A TableProjector needs SQL, and the memory store has none. Use embedded() or postgres(), or documents.',
    );
  }
}

interface MemoryProjection {
  readonly documents: Map<string, StoredDocument>;
  checkpoint: number;
  parked: MemoryParked;
  owner: string | undefined;
}

/** Keeps read models in memory; transactions run one after another. */
export class MemoryReadModelStore implements ReadModelStore {
  readonly hasSql = false;
  readonly #projections = new Map<string, MemoryProjection>();
  readonly #checkpoints = new Listeners();
  #events: EventStore | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Where transactions find events. */
  readEventsFrom(events: EventStore): void {
    this.#events = events;
  }

  async prepare({ name, version }: ProjectionId, tables: ProjectionTables, startAt: number): Promise<void> {
    if (tables !== 'documents' && Object.keys(tables).length > 0) throw new SqlNeeded();
    if (!this.#projections.has(`${name}@${version}`)) this.#of({ name, version }).checkpoint = startAt;
  }

  async drop({ name, version }: ProjectionId): Promise<void> {
    this.#projections.delete(`${name}@${version}`);
  }

  async readCheckpoint(projection: ProjectionId): Promise<number> {
    return this.#of(projection).checkpoint;
  }

  async claim(projection: ProjectionId, owner: string): Promise<Checkpoint | undefined> {
    const state = this.#of(projection);
    // Everybody shares the process, so a lease need not end by itself.
    state.owner ??= owner;
    return state.owner === owner ? checkpointOf(state) : undefined;
  }

  async release(projection: ProjectionId, owner: string): Promise<void> {
    const state = this.#of(projection);
    if (state.owner === owner) state.owner = undefined;
  }

  transaction<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T> {
    return this.#inOrder(async () => {
      const transaction = new MemoryTransaction(id => this.#of(id), this.#events);
      const result = await work(transaction);
      transaction.commit();
      this.#checkpoints.notify();
      return result;
    });
  }

  /** Projects what an append is about to store, then commits both. */
  project(inline: InlineProjections, events: readonly Recorded[], commitAppend: () => void): Promise<void> {
    return this.transaction(async transaction => {
      await inline.project(events, transaction);
      commitAppend();
    });
  }

  async getDocuments(projection: ProjectionId, ids: readonly string[]): Promise<readonly StoredDocument[]> {
    const { documents } = this.#of(projection);
    return ids.flatMap(id => copy(documents.get(id)) ?? []);
  }

  async findDocuments(projection: ProjectionId, query: DocumentQuery): Promise<readonly StoredDocument[]> {
    checkDocumentQuery(query);
    return findDocuments([...this.#of(projection).documents.values()], query).map(found => copy(found)!);
  }

  async countDocuments(projection: ProjectionId, where?: DocumentQuery['where']): Promise<number> {
    checkDocumentFilter(where ?? {});
    const all = [...this.#of(projection).documents.values()];
    return findDocuments(all, { where, limit: Infinity }).length;
  }

  async listParked(projection: ProjectionId): Promise<readonly ParkedKey[]> {
    return parkedKeys(this.#of(projection).parked);
  }

  async countParked(): Promise<readonly ParkedCount[]> {
    return [...this.#projections].flatMap(([nameAndVersion, { parked }]) => {
      if (parked.events.length === 0) return [];
      const at = nameAndVersion.lastIndexOf('@');
      const id = { name: nameAndVersion.slice(0, at), version: Number(nameAndVersion.slice(at + 1)) };
      return [{ ...id, keys: parkedKeys(parked).length, events: parked.events.length }];
    });
  }

  isTransient(error: unknown): boolean {
    return isStoreAway(error);
  }

  onCheckpoint(listener: () => void): () => void {
    return this.#checkpoints.add(listener);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #of({ name, version }: ProjectionId): MemoryProjection {
    const key = `${name}@${version}`;
    let projection = this.#projections.get(key);
    if (projection === undefined) {
      projection = { documents: new Map(), checkpoint: 0, parked: nothingParked, owner: undefined };
      this.#projections.set(key, projection);
    }
    return projection;
  }
}

/* Writes wait in here until the work has returned, so that a failure leaves nothing behind. */
class MemoryTransaction implements ReadModelTransaction {
  readonly sql = undefined;
  readonly parked: ParkedEvents;
  readonly #of: (projection: ProjectionId) => MemoryProjection;
  readonly #writes: (() => void)[] = [];
  #pending = new Map<MemoryProjection, Map<string, StoredDocument | undefined>>();
  #pendingParked = new Map<MemoryProjection, MemoryParked>();

  readonly #events: EventStore | undefined;

  constructor(of: (projection: ProjectionId) => MemoryProjection, events: EventStore | undefined) {
    this.#of = of;
    this.#events = events;
    this.parked = new MemoryParkedEvents({
      read: id => this.#pendingParked.get(of(id)) ?? of(id).parked,
      write: (id, parked) => this.#pendingParked.set(of(id), parked),
    });
  }

  async loadDocuments(
    projection: ProjectionId,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, unknown>> {
    const { documents } = this.#of(projection);
    const pending = this.#pendingOf(projection);
    const found = new Map<string, unknown>();
    for (const id of ids) {
      const stored = pending.has(id) ? pending.get(id) : documents.get(id);
      if (stored !== undefined) found.set(id, copy(stored)?.document);
    }
    return found;
  }

  async saveDocuments(projection: ProjectionId, changes: readonly DocumentChange[]): Promise<void> {
    const pending = this.#pendingOf(projection);
    for (const { json, ...place } of changes) {
      const document = json === null ? undefined : (JSON.parse(json) as unknown);
      pending.set(place.id, document === undefined ? undefined : { ...place, document });
    }
  }

  async lockInline(): Promise<void> {
    // Transactions run one after another.
  }

  async readEvents(
    afterPosition: number,
    types: readonly string[],
    limit: number,
  ): Promise<readonly Recorded[]> {
    const page = await this.#events?.readFeedPage({ afterPosition, types, batchSize: limit });
    return page?.events ?? [];
  }

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    const documents = new Map([...this.#pending].map(([state, pending]) => [state, new Map(pending)]));
    const parked = new Map(this.#pendingParked);
    const writes = this.#writes.length;
    try {
      return await work();
    } catch (error) {
      this.#pending = documents;
      this.#pendingParked = parked;
      this.#writes.length = writes;
      throw error;
    }
  }

  async replace(live: ProjectionId, built: ProjectionId): Promise<void> {
    const [old, fresh] = [this.#of(live), this.#of(built)];
    this.#writes.push(() => {
      old.documents.clear();
      for (const [id, document] of fresh.documents) old.documents.set(id, document);
      old.checkpoint = fresh.checkpoint;
      old.parked = { revision: old.parked.revision + 1, events: fresh.parked.events };
      fresh.parked = nothingParked;
    });
  }

  async lockCheckpoint(projection: ProjectionId): Promise<Checkpoint> {
    return checkpointOf(this.#of(projection));
  }

  async moveCheckpoint(projection: ProjectionId, from: number, to: number): Promise<void> {
    const state = this.#of(projection);
    if (state.checkpoint !== from) throw new CheckpointMoved(projection, from, state.checkpoint);
    this.#writes.push(() => (state.checkpoint = to));
  }

  commit(): void {
    for (const [{ documents }, pending] of this.#pending) {
      for (const [id, document] of pending) {
        if (document === undefined) documents.delete(id);
        else documents.set(id, document);
      }
    }
    for (const [state, parked] of this.#pendingParked) state.parked = parked;
    for (const write of this.#writes) write();
  }

  #pendingOf(projection: ProjectionId): Map<string, StoredDocument | undefined> {
    const state = this.#of(projection);
    let pending = this.#pending.get(state);
    if (pending === undefined) {
      pending = new Map<string, StoredDocument | undefined>();
      this.#pending.set(state, pending);
    }
    return pending;
  }
}

function checkpointOf({ checkpoint, parked }: MemoryProjection): Checkpoint {
  return { position: checkpoint, parkedRevision: parked.revision };
}

/* Through JSON like in a database, so that nobody holds on to a stored object. */
function copy(document: StoredDocument | undefined): StoredDocument | undefined {
  if (document === undefined) return undefined;
  return { ...document, document: JSON.parse(JSON.stringify(document.document)) as unknown };
}
