import type {
  ClaimedShard,
  NewProjection,
  NodeState,
  ProjectionId,
  ProjectionState,
  ProjectionsView,
  ShardCondition,
  ShardId,
} from '../../application/ports/projection-states.ts';
import type { StoredDocument } from '../../application/ports/read-model-store.ts';
import type { MemoryOperations } from './memory-operations.ts';
import { nothingParked } from './memory-parked-events.ts';
import type { MemoryParked } from './memory-parked-events.ts';

/** A shard in memory. */
export interface MemoryShard {
  position: number;
  epoch: number;
  owner: string | undefined;
  condition: ShardCondition;
  error: string | undefined;
  eventsPerSecond: number;
  movedAt: Date;
  parked: MemoryParked;
}

/** A build in memory. */
export interface MemoryBuild extends ProjectionId {
  state: Omit<ProjectionState, 'shards' | keyof ProjectionId>;
  shards: MemoryShard[];
  readonly documents: Map<string, StoredDocument>;
  /** What was given up, as `placeOf` writes it. */
  readonly givenUp: Set<string>;
}

/** The builds of all projections in memory, and who runs their shards. */
export class MemoryBuilds {
  readonly operations: MemoryOperations;
  /** Versions that nobody builds by itself, each with the name behind it. */
  readonly givenUpVersions = new Set<string>();
  readonly #builds = new Map<string, MemoryBuild>();
  readonly #nodes = new Map<string, NodeState>();

  constructor(operations: MemoryOperations) {
    this.operations = operations;
  }

  find(id: ProjectionId): MemoryBuild | undefined {
    return this.#builds.get(nameOf(id));
  }

  shard(id: ShardId): MemoryShard | undefined {
    return this.find(id)?.shards[id.shard];
  }

  all(): readonly MemoryBuild[] {
    return [...this.#builds.values()];
  }

  add(projection: NewProjection): void {
    const { name, version, generation, status, maxEventsPerSecond } = projection;
    const { swapsByItself = false, allowsParked = false } = projection;
    this.#builds.set(nameOf(projection), {
      ...{ name, version, generation, documents: new Map(), givenUp: new Set() },
      state: {
        ...{ status, swapsByItself, allowsParked, maxEventsPerSecond, writtenBy: 'runners' },
        ...{ isPaused: false, heldBecause: undefined },
        createdAt: new Date(),
      },
      shards: Array.from({ length: projection.shards }, () => newShard(projection.startAt, 0)),
    });
  }

  remove(id: ProjectionId): void {
    this.#builds.delete(nameOf(id));
  }

  setVersion(build: MemoryBuild, version: number): void {
    this.remove(build);
    this.#builds.set(nameOf({ ...build, version }), { ...build, version });
  }

  join(node: NodeState): void {
    this.#nodes.set(node.node, node);
  }

  leave(node: string): void {
    this.#nodes.delete(node);
    for (const { shards } of this.all()) {
      for (const shard of shards) if (shard.owner === node) shard.owner = undefined;
    }
  }

  /* Everybody shares the process, so nodes are alive until they leave. */
  claim(node: string, ids: readonly ClaimedShard[]): readonly ClaimedShard[] {
    return ids.flatMap(id => {
      const shard = this.shard(id);
      if (shard?.epoch !== id.epoch || (shard.owner !== undefined && shard.owner !== node)) return [];
      shard.owner = node;
      return { ...id, epoch: ++shard.epoch };
    });
  }

  release(node: string, ids: readonly ShardId[]): void {
    for (const shard of ids.map(id => this.shard(id))) if (shard?.owner === node) shard.owner = undefined;
  }

  /** What was given up in a build or in the live one. */
  givenUp(id: ProjectionId): ReadonlySet<string> {
    const live = this.all().find(({ name, state }) => name === id.name && state.status === 'live');
    return new Set([...(this.find(id)?.givenUp ?? []), ...(live?.givenUp ?? [])]);
  }

  view(): ProjectionsView {
    const projections = this.all().map(({ name, version, generation, state, shards }) => ({
      ...{ name, version, generation, ...state },
      shards: shards.map(({ parked: _parked, ...shard }, index) => ({ shard: index, ...shard })),
    }));
    const nodes = [...this.#nodes.values()].map(node => ({ ...node, isAlive: true }));
    return { nodes, projections };
  }
}

/** A shard that begins at a position. */
export function newShard(position: number, epoch: number): MemoryShard {
  return {
    ...{ position, epoch, owner: undefined, condition: 'running', error: undefined },
    ...{ eventsPerSecond: 0, movedAt: new Date(), parked: nothingParked },
  };
}

function nameOf({ name, version, generation }: ProjectionId): string {
  return `${name}@${version}.${generation}`;
}
