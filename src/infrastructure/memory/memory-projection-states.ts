import type { Operation } from '../../application/ports/operation.ts';
import type {
  NamedVersion,
  NewProjection,
  ProjectionChanges,
  ProjectionId,
  ProjectionStates,
  ProjectionsView,
} from '../../application/ports/projection-states.ts';
import type { ProjectionTables } from '../../application/ports/read-model-store.ts';
import { AnnalsError } from '../../domain/index.ts';
import { newShard } from './memory-builds.ts';
import type { MemoryBuild, MemoryBuilds } from './memory-builds.ts';

/** A table projector was given to a store that has no tables. */
export class SqlNeeded extends AnnalsError {
  readonly code = 'sql-needed';

  constructor() {
    super(
      'A TableProjector needs SQL, and the memory store has none. Use embedded() or postgres(), or documents.',
    );
  }
}

/** The builds of projections in a transaction in memory; it is undone by nothing but the order of its steps. */
export class MemoryProjectionStates implements ProjectionStates {
  readonly #builds: MemoryBuilds;
  readonly #later: (write: () => void) => void;

  /** @param later - takes what is to be done when the transaction commits */
  constructor(builds: MemoryBuilds, later: (write: () => void) => void) {
    this.#builds = builds;
    this.#later = later;
  }

  async lock(name: string): Promise<ProjectionsView> {
    const { nodes, projections } = this.#builds.view();
    return { nodes, projections: projections.filter(projection => projection.name === name) };
  }

  async add(projection: NewProjection, tables: ProjectionTables): Promise<void> {
    if (tables !== 'documents' && Object.keys(tables).length > 0) throw new SqlNeeded();
    this.#later(() => this.#builds.add(projection));
  }

  async publish(): Promise<void> {
    // Nobody else reads what is in this process.
  }

  async change(projection: ProjectionId, changes: ProjectionChanges): Promise<void> {
    this.#onBuild(projection, build => {
      build.state = { ...build.state, ...changes };
      fence(build);
    });
  }

  async setPosition(projection: ProjectionId, position: number): Promise<void> {
    this.#onBuild(projection, build => {
      for (const shard of build.shards)
        Object.assign(shard, { position, condition: 'running', error: undefined });
      fence(build);
    });
  }

  async restart(projection: ProjectionId): Promise<void> {
    this.#onBuild(projection, ({ shards }) => {
      for (const shard of shards.filter(({ condition }) => condition !== 'running')) {
        Object.assign(shard, { condition: 'running', error: undefined, epoch: shard.epoch + 1 });
      }
    });
  }

  async reshard(projection: ProjectionId, shards: number): Promise<void> {
    this.#onBuild(projection, build => {
      const position = Math.min(...build.shards.map(shard => shard.position));
      const epoch = Math.max(...build.shards.map(shard => shard.epoch)) + 1;
      build.shards = Array.from({ length: shards }, () => newShard(position, epoch));
    });
  }

  async setVersion(projection: ProjectionId, version: number): Promise<void> {
    this.#onBuild(projection, build => {
      fence(build);
      this.#builds.setVersion(build, version);
    });
  }

  async remove(projection: ProjectionId): Promise<void> {
    this.#later(() => this.#builds.remove(projection));
  }

  async record(operation: Operation): Promise<void> {
    this.#later(() => this.#builds.operations.record(operation));
  }

  async setGivenUp({ name, version }: NamedVersion, isGivenUp: boolean): Promise<void> {
    const { givenUpVersions } = this.#builds;
    const place = `${version} ${name}`;
    this.#later(() => {
      if (isGivenUp) givenUpVersions.add(place);
      else givenUpVersions.delete(place);
    });
  }

  async isGivenUp({ name, version }: NamedVersion): Promise<boolean> {
    return this.#builds.givenUpVersions.has(`${version} ${name}`);
  }

  #onBuild(projection: ProjectionId, change: (build: MemoryBuild) => void): void {
    this.#later(() => {
      const build = this.#builds.find(projection);
      if (build !== undefined) change(build);
    });
  }
}

function fence({ shards }: MemoryBuild): void {
  for (const shard of shards) shard.epoch++;
}
