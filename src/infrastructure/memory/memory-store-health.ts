import type { EventStore } from '../../application/ports/event-store.ts';
import type { ProjectionId } from '../../application/ports/projection-states.ts';
import type { ReadModelStore } from '../../application/ports/read-model-store.ts';
import type {
  ProjectionLag,
  StoreActivity,
  StoreHealth,
  StoreState,
} from '../../application/ports/store-health.ts';
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
    return Promise.all(projections.map(projection => this.#lagOf(projection)));
  }

  async #lagOf(projection: ProjectionId): Promise<ProjectionLag> {
    const { events, readModels, clock } = this.#parts;
    const { name, version, generation } = projection;
    const position = await readModels.readCheckpoint(projection);
    const last = await events.settledPosition();
    const { events: next } = await events.readFeedPage({ afterPosition: position, batchSize: 1 });
    const parked = await readModels.listParked(projection);
    const lagMs = next.length === 0 ? 0 : clock.now().getTime() - next[0]!.recordedAt.getTime();
    return {
      ...{ name, version, generation, position, lagMs, stillMs: lagMs },
      events: Math.max(0, last - position),
      parked: { keys: parked.length, events: parked.reduce((sum, { count }) => sum + count, 0) },
    };
  }
}
