import type { ParkedKey } from '../../application/ports/parked-events.ts';
import type { RecordedOperation } from '../../application/ports/operation.ts';
import type {
  ClaimedShard,
  NodeState,
  ProjectionId,
  ProjectionsView,
  ShardCondition,
  ShardId,
} from '../../application/ports/projection-states.ts';
import type {
  CheckpointMove,
  DocumentQuery,
  FoundDocuments,
  InlineProjections,
  ReadModelStore,
  ReadModelTransaction,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';
import { BuildGone } from '../../application/ports/read-model-errors.ts';
import { checkDocumentFilter, checkDocumentQuery } from '../../application/events/check-document-query.ts';
import { CheckpointExpectations } from '../../application/subscriptions/checkpoint-expectations.ts';
import { Listeners } from '../../application/events/listeners.ts';
import type { Recorded } from '../../domain/index.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { isStoreAway } from '../../application/events/is-store-away.ts';
import { findDocuments, matching } from './find-documents.ts';
import { MemoryBuilds } from './memory-builds.ts';
import { MemoryOperations } from './memory-operations.ts';
import { parkedKeys } from './memory-parked-events.ts';
import { MemoryTransaction, copy } from './memory-transaction.ts';

/** Keeps read models in memory; transactions run one after another. */
export class MemoryReadModelStore implements ReadModelStore {
  readonly hasSql = false;
  readonly #builds: MemoryBuilds;
  readonly #expectations = new CheckpointExpectations();
  readonly #states = new Listeners();
  readonly #leases = new Map<string, string>();
  #events: EventStore | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(operations = new MemoryOperations()) {
    this.#builds = new MemoryBuilds(operations);
  }

  /** Where transactions find events. */
  readEventsFrom(events: EventStore): void {
    this.#events = events;
  }

  async beat(node: NodeState): Promise<ProjectionsView> {
    this.#builds.join(node);
    return this.#builds.view();
  }

  async leave(node: string): Promise<void> {
    await this.#inOrder(async () => this.#builds.leave(node));
    this.#states.notify();
  }

  async readStates(): Promise<ProjectionsView> {
    return this.#builds.view();
  }

  async claim(node: string, shards: readonly ClaimedShard[]): Promise<readonly ClaimedShard[]> {
    return this.#inOrder(async () => this.#builds.claim(node, shards));
  }

  async release(node: string, shards: readonly ShardId[]): Promise<void> {
    await this.#inOrder(async () => this.#builds.release(node, shards));
  }

  async noteCondition(id: ClaimedShard, condition: ShardCondition, error: string | undefined): Promise<void> {
    const shard = this.#builds.shard(id);
    if (shard?.epoch === id.epoch) Object.assign(shard, { condition, error });
  }

  onStatesChanged(listener: () => void): () => void {
    return this.#states.add(listener);
  }

  async readCheckpoint(projection: ProjectionId): Promise<number> {
    const build = this.#builds.find(projection);
    if (build?.state.writtenBy === 'appends') return Infinity;
    const positions = build?.shards.map(shard => shard.position) ?? [];
    return positions.length === 0 ? 0 : Math.min(...positions);
  }

  async takeLease(name: string, owner: string): Promise<boolean> {
    const holder = this.#leases.get(name) ?? owner;
    this.#leases.set(name, holder);
    return holder === owner;
  }

  async endLease(name: string, owner: string): Promise<void> {
    if (this.#leases.get(name) === owner) this.#leases.delete(name);
  }

  async listOperations(name: string | undefined, limit: number): Promise<readonly RecordedOperation[]> {
    return this.#builds.operations.list(name, limit);
  }

  async moveCheckpoint(shard: ClaimedShard, move: CheckpointMove): Promise<void> {
    await this.transaction(transaction => transaction.moveCheckpoint(shard, move));
  }

  transaction<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T> {
    return this.#inOrder(async () => {
      const transaction = new MemoryTransaction(this.#builds, this.#events);
      const result = await work(transaction);
      transaction.commit();
      for (const { projection, to } of transaction.moves) this.#expectations.reached(projection, to);
      return result;
    });
  }

  async changeStates<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T> {
    const result = await this.transaction(work);
    this.#states.notify();
    return result;
  }

  /** Projects what an append is about to store, then commits both. */
  project(inline: InlineProjections, events: readonly Recorded[], commitAppend: () => void): Promise<void> {
    return this.transaction(async transaction => {
      const project = await inline.enter(events, transaction);
      await project?.(events);
      commitAppend();
    });
  }

  async getDocuments(projection: ProjectionId, ids: readonly string[]): Promise<readonly StoredDocument[]> {
    const documents = this.#documents(projection);
    return ids.flatMap(id => copy(documents.get(id)) ?? []);
  }

  async findDocuments(projection: ProjectionId, query: DocumentQuery): Promise<FoundDocuments> {
    checkDocumentQuery(query);
    const found = findDocuments([...this.#documents(projection).values()], query);
    return { ...found, documents: found.documents.map(document => copy(document)!) };
  }

  async countDocuments(projection: ProjectionId, where: DocumentQuery['where'] = {}): Promise<number> {
    checkDocumentFilter(where);
    const all = [...this.#documents(projection).values()];
    return matching(all, where).length;
  }

  async listParked(projection: ProjectionId): Promise<readonly ParkedKey[]> {
    const shards = this.#builds.find(projection)?.shards ?? [];
    return shards
      .flatMap(({ parked }, shard) => parkedKeys(parked, shard))
      .sort((left, right) => left.position - right.position);
  }

  isTransient(error: unknown): boolean {
    return isStoreAway(error);
  }

  expectCheckpoint(projection: ProjectionId, position: number, wake: () => void): () => void {
    return this.#expectations.add(projection, position, wake);
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  #documents(projection: ProjectionId): ReadonlyMap<string, StoredDocument> {
    const build = this.#builds.find(projection);
    if (build === undefined) throw new BuildGone(projection);
    return build.documents;
  }
}
