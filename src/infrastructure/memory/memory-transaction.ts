import { BuildGone, CheckpointMoved } from '../../application/ports/read-model-errors.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { ParkedEvents } from '../../application/ports/parked-events.ts';
import type {
  ClaimedShard,
  ProjectionId,
  ProjectionStates,
  ShardId,
} from '../../application/ports/projection-states.ts';
import type {
  Checkpoint,
  CheckpointMove,
  Comparison,
  ComparisonOptions,
  DocumentChange,
  InlineEntry,
  ReadModelTransaction,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';
import type { Recorded } from '../../domain/index.ts';
import type { MovedCheckpoint } from '../../application/subscriptions/checkpoint-expectations.ts';
import { compareDocuments } from './compare-documents.ts';
import type { MemoryBuild, MemoryBuilds, MemoryShard } from './memory-builds.ts';
import { MemoryParkedEvents, nothingParked } from './memory-parked-events.ts';
import type { MemoryParked } from './memory-parked-events.ts';
import { MemoryProjectionStates } from './memory-projection-states.ts';

/** Writes wait in here until the work has returned, so that a failure leaves nothing behind. */
export class MemoryTransaction implements ReadModelTransaction {
  readonly sql = undefined;
  readonly parked: ParkedEvents;
  readonly states: ProjectionStates;
  /** The checkpoints that it moves, for those who wait. */
  readonly moves: MovedCheckpoint[] = [];
  readonly #builds: MemoryBuilds;
  readonly #events: EventStore | undefined;
  readonly #writes: (() => void)[] = [];
  #pending = new Map<MemoryBuild, Map<string, StoredDocument | undefined>>();
  readonly #positions = new Map<MemoryShard, number>();
  #pendingParked = new Map<MemoryShard, MemoryParked>();

  constructor(builds: MemoryBuilds, events: EventStore | undefined) {
    this.#builds = builds;
    this.#events = events;
    this.states = new MemoryProjectionStates(builds, write => this.#writes.push(write));
    this.parked = new MemoryParkedEvents({
      read: id => this.#parkedOf(builds.shard(id)),
      write: (id, parked) => {
        const shard = builds.shard(id);
        if (shard !== undefined) this.#pendingParked.set(shard, parked);
      },
      givenUp: id => builds.givenUp(id),
      giveUp: (id, place) => this.#writes.push(() => builds.find(id)?.givenUp.add(place)),
    });
  }

  async loadDocuments(
    projection: ProjectionId,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, unknown>> {
    const build = this.#require(projection);
    const pending = this.#pending.get(build);
    const found = new Map<string, unknown>();
    for (const id of ids) {
      const stored = pending?.has(id) === true ? pending.get(id) : build.documents.get(id);
      if (stored !== undefined) found.set(id, copy(stored)?.document);
    }
    return found;
  }

  async saveDocuments(projection: ProjectionId, changes: readonly DocumentChange[]): Promise<void> {
    const build = this.#require(projection);
    const pending = this.#pending.get(build) ?? new Map<string, StoredDocument | undefined>();
    this.#pending.set(build, pending);
    for (const { json, ...place } of changes) {
      const document = json === null ? undefined : (JSON.parse(json) as unknown);
      pending.set(place.id, document === undefined ? undefined : { ...place, document });
    }
  }

  async enterInline(entries: readonly InlineEntry[]): Promise<readonly ProjectionId[]> {
    const names = entries.map(({ name }) => name);
    const isInline = ({ name, state }: MemoryBuild): boolean =>
      names.includes(name) && state.status === 'live' && state.writtenBy === 'appends';
    return this.#builds.all().filter(isInline);
  }

  async lockInline(): Promise<void> {
    // Transactions run one after another.
  }

  async lastPosition(): Promise<number> {
    return (await this.#events?.settledPosition()) ?? 0;
  }

  settledPosition(): Promise<number> {
    return this.lastPosition();
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
    const documents = new Map([...this.#pending].map(([build, pending]) => [build, new Map(pending)]));
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

  async compare(
    live: ProjectionId,
    built: ProjectionId,
    { sample, through }: ComparisonOptions,
  ): Promise<Comparison> {
    return compareDocuments(this.#documents(live), this.#documents(built), { sample, through });
  }

  async lockCheckpoint(id: ShardId): Promise<Checkpoint | undefined> {
    const shard = this.#builds.shard(id);
    if (shard === undefined) return undefined;
    const position = this.#positions.get(shard) ?? shard.position;
    return { position, epoch: shard.epoch, parkedRevision: this.#parkedOf(shard).revision };
  }

  async moveCheckpoint(id: ClaimedShard, { from, to, eventsPerSecond }: CheckpointMove): Promise<void> {
    const shard = this.#builds.shard(id);
    const position = shard && (this.#positions.get(shard) ?? shard.position);
    if (shard?.epoch !== id.epoch || position !== from) {
      throw new CheckpointMoved(id, from, position, shard?.epoch !== id.epoch);
    }
    this.#positions.set(shard, to);
    const moved = { position: to, eventsPerSecond, condition: 'running', error: undefined };
    this.#writes.push(() => Object.assign(shard, { ...moved, movedAt: new Date() }));
    this.moves.push({ projection: id, from, to });
  }

  commit(): void {
    for (const [{ documents }, pending] of this.#pending) {
      for (const [id, document] of pending) {
        if (document === undefined) documents.delete(id);
        else documents.set(id, document);
      }
    }
    for (const [shard, parked] of this.#pendingParked) shard.parked = parked;
    for (const write of this.#writes) write();
  }

  #parkedOf(shard: MemoryShard | undefined): MemoryParked {
    return shard === undefined ? nothingParked : (this.#pendingParked.get(shard) ?? shard.parked);
  }

  #documents(projection: ProjectionId): ReadonlyMap<string, StoredDocument> {
    const build = this.#require(projection);
    const documents = new Map(build.documents);
    for (const [id, document] of this.#pending.get(build) ?? []) {
      if (document === undefined) documents.delete(id);
      else documents.set(id, document);
    }
    return documents;
  }

  #require(projection: ProjectionId): MemoryBuild {
    const build = this.#builds.find(projection);
    if (build === undefined) throw new BuildGone(projection);
    return build;
  }
}

/** A copy through JSON like in a database, so that nobody holds on to a stored object. */
export function copy(document: StoredDocument | undefined): StoredDocument | undefined {
  if (document === undefined) return undefined;
  return { ...document, document: JSON.parse(JSON.stringify(document.document)) as unknown };
}
