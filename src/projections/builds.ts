import type { ProjectionState, ProjectionsView, ShardState } from '../application/ports/projection-states.ts';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';
import { NoBuild } from './projection-errors.ts';

/** What this process knows of the builds of projections. */
export class Builds {
  readonly #readModels: Pick<ReadModelStore, 'readStates'>;
  #view: ProjectionsView = { nodes: [], projections: [] };
  #asked = 0;
  #seen = 0;

  constructor(readModels: Pick<ReadModelStore, 'readStates'>) {
    this.#readModels = readModels;
  }

  /** As it was last read. */
  get view(): ProjectionsView {
    return this.#view;
  }

  async refresh(): Promise<void> {
    await this.see(() => this.#readModels.readStates());
  }

  /**
   * Takes what `read` gives for what is there now.
   *
   * Unless it was asked for before something that is known already: an answer that was overtaken would show what an
   * operator has just changed as it was before.
   */
  async see(read: () => Promise<ProjectionsView>): Promise<void> {
    const asked = ++this.#asked;
    const view = await read();
    if (asked < this.#seen) return;
    this.#seen = asked;
    this.#view = view;
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
