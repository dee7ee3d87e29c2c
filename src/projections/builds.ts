import type { ProjectionState, ProjectionsView, ShardState } from '../application/ports/projection-states.ts';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';
import { NoBuild } from './projection-errors.ts';

/** What this process knows of the builds of projections. */
export class Builds {
  readonly #readModels: ReadModelStore;
  /** As it was last read. */
  view: ProjectionsView = { nodes: [], projections: [] };

  constructor(readModels: ReadModelStore) {
    this.#readModels = readModels;
  }

  async refresh(): Promise<void> {
    this.view = await this.#readModels.readStates();
  }

  /**
   * The build that answers for a projector: of its own version if that is complete, otherwise the one that is live.
   *
   * So a node with new code goes on to read the old view while the new one is being built, and a node with old code
   * keeps reading what it understands, as long as that is kept.
   *
   * @throws {NoBuild} there is none
   */
  serving({ name, version }: Pick<Projection, 'name' | 'version'>): ProjectionState {
    const all = this.view.projections.filter(build => build.name === name);
    const live = all.find(build => build.status === 'live');
    const kept = all.filter(build => build.status === 'kept' && build.version === version);
    const serving = live?.version === version ? live : (kept.at(-1) ?? live);
    if (serving === undefined) throw new NoBuild(name);
    return serving;
  }
}

/** The position that all shards have reached. */
export function positionOf({ shards }: Pick<ProjectionState, 'shards'>): number {
  return Math.min(...shards.map((shard: ShardState) => shard.position));
}
