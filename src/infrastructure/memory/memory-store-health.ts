import type { Recorded } from '../../domain/index.ts';
import { lagOfShards } from '../../application/health/projection-lag.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { ProjectionId, ShardState } from '../../application/ports/projection-states.ts';
import type { ReadModelStore } from '../../application/ports/read-model-store.ts';
import type {
  ProjectionLag,
  ShardLag,
  StoreActivity,
  StoreHealth,
  StoreState,
} from '../../application/ports/store-health.ts';
import type { ParkedKey } from '../../application/ports/parked-events.ts';
import { isSameBuild } from '../../application/same-build.ts';
import type { Clock } from '../../application/ports/clock.ts';

/** What the health of a memory store is told from. */
export interface MemoryStoreParts {
  readonly events: EventStore & { readonly activity: StoreActivity };
  readonly readModels: ReadModelStore;
  readonly clock: Clock;
}

/** The health of a store in memory. */
export class MemoryStoreHealth implements StoreHealth {
  readonly #parts: MemoryStoreParts;

  constructor(parts: MemoryStoreParts) {
    this.#parts = parts;
  }

  async state(): Promise<StoreState> {
    // Fails where the store is closed.
    await this.#parts.events.settledPosition();
    return { isWritable: true, missingMigrations: [], isNewer: false };
  }

  activity(): StoreActivity {
    return this.#parts.events.activity;
  }

  async lags(projections: readonly ProjectionId[]): Promise<readonly ProjectionLag[]> {
    const { projections: builds } = await this.#parts.readModels.readStates();
    const last = await this.#parts.events.settledPosition();
    const appendedPerSecond = await this.#appendedPerSecond(last);
    const lags = projections.map(async id => {
      const build = builds.find(found => isSameBuild(found, id));
      if (build === undefined) return [];
      const shards = build.shards.map(shard => this.#lagOf(shard, last));
      const parked = await this.#parts.readModels.listParked(id);
      const { name, version, generation } = id;
      const facts = { name, version, generation, appendedPerSecond, parked: countsOf(parked) };
      return [lagOfShards(facts, await Promise.all(shards))];
    });
    return (await Promise.all(lags)).flat();
  }

  async #lagOf({ shard, position, movedAt }: ShardState, last: number): Promise<ShardLag> {
    const next = await this.#nextAfter(position);
    const nowMs = this.#parts.clock.now().getTime();
    const since = (timeMs: number | undefined): number => Math.max(0, nowMs - (timeMs ?? nowMs));
    const storedAtMs = next?.recordedAt.getTime();
    const movedAtMs = storedAtMs && Math.max(storedAtMs, movedAt.getTime());
    const events = Math.max(0, last - position);
    return { shard, position, events, lagMs: since(storedAtMs), stillMs: since(movedAtMs) };
  }

  /* Since the last thousand events, and since a second at least, so that a burst is no speed. */
  async #appendedPerSecond(last: number): Promise<number> {
    const first = await this.#nextAfter(Math.max(0, last - 1_000));
    if (first === undefined) return 0;
    const ageMs = this.#parts.clock.now().getTime() - first.recordedAt.getTime();
    return ((last - first.position) * 1_000) / Math.max(1_000, ageMs);
  }

  async #nextAfter(position: number): Promise<Recorded | undefined> {
    const page = await this.#parts.events.readFeedPage({ afterPosition: position, batchSize: 1 });
    return page.events[0];
  }
}

function countsOf(parked: readonly ParkedKey[]): ProjectionLag['parked'] {
  return { keys: parked.length, events: parked.reduce((sum, { count }) => sum + count, 0) };
}
