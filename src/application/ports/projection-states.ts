import type { Operation } from './operation.ts';
import type { ProjectionTables } from './read-model-store.ts';

/** Names one build of a projection: a rebuild of the same version makes the next generation beside it. */
export interface ProjectionId {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
}

/** Names one shard of a build; it has a checkpoint of its own. */
export interface ShardId extends ProjectionId {
  readonly shard: number;
}

/** A shard that a node runs. The epoch tells this time from every earlier and later one. */
export interface ClaimedShard extends ShardId {
  readonly epoch: number;
}

/**
 * What a build is there for:
 *
 * - `building`: it is being filled beside the live one
 * - `live`: it serves; a name has one such build
 * - `kept`: it has served, goes on being fed, and can serve again
 */
export type BuildStatus = 'building' | 'live' | 'kept';

/** Who writes to a build: its shards' runners, or every append. */
export type WrittenBy = 'runners' | 'appends';

/** How the runner of a shard is doing. */
export type ShardCondition = 'running' | 'retrying' | 'stopped';

/** A shard as it is stored. */
export interface ShardState {
  readonly shard: number;
  /** Everything up to here is handled or parked. */
  readonly position: number;
  readonly epoch: number;
  /** The node that runs it; undefined if none does that is alive. */
  readonly owner: string | undefined;
  readonly condition: ShardCondition;
  /** Why it is retrying or has stopped. */
  readonly error: string | undefined;
  /** Events handled in a second, lately. */
  readonly eventsPerSecond: number;
  readonly movedAt: Date;
}

/** A build as it is stored. */
export interface ProjectionState extends ProjectionId {
  readonly status: BuildStatus;
  readonly writtenBy: WrittenBy;
  readonly isPaused: boolean;
  /** Whether it takes the place of the live one as soon as it has caught up. */
  readonly swapsByItself: boolean;
  /** Whether it may do so although keys are parked in it that are not in the live one. */
  readonly allowsParked: boolean;
  /** Why it has not done so when it could have, and waits for an operator; undefined if it does not. */
  readonly heldBecause: string | undefined;
  /** Events that each shard handles in a second at most; undefined for as many as it can. */
  readonly maxEventsPerSecond: number | undefined;
  readonly createdAt: Date;
  readonly shards: readonly ShardState[];
}

/** A version of a projection, whichever build answers for it. */
export type NamedVersion = Pick<ProjectionId, 'name' | 'version'>;

/** A running process. */
export interface NodeState {
  readonly node: string;
  /** What it has the code of, see `capability`. */
  readonly runs: readonly string[];
}

/** A process as the others see it. */
export interface SeenNode extends NodeState {
  /** False if it has not given a sign of life in time. It may be dead, or only late: then it appends all the same. */
  readonly isAlive: boolean;
}

/** The nodes, and every build. */
export interface ProjectionsView {
  readonly nodes: readonly SeenNode[];
  readonly projections: readonly ProjectionState[];
}

/** What can be changed of a build. */
export type ProjectionChanges = Partial<
  Pick<
    ProjectionState,
    'status' | 'writtenBy' | 'isPaused' | 'swapsByItself' | 'maxEventsPerSecond' | 'heldBecause'
  >
>;

/** A build that is to be made. */
export interface NewProjection extends ProjectionId {
  readonly status: BuildStatus;
  readonly swapsByItself?: boolean | undefined;
  readonly allowsParked?: boolean | undefined;
  readonly maxEventsPerSecond?: number | undefined;
  readonly shards: number;
  /** The checkpoint of its shards. */
  readonly startAt: number;
}

/**
 * The builds of projections, in a transaction. Every change ends the claims on the shards of the build it concerns:
 * what a runner has under way is not written any more.
 */
export interface ProjectionStates {
  /** The builds of a projection, which stay as they are with their checkpoints until the transaction ends. */
  lock(name: string): Promise<ProjectionsView>;
  /** Makes a build and what it writes to. @param like - a build whose indexes, where a team has added some, it gets too */
  add(projection: NewProjection, tables: ProjectionTables, like?: ProjectionId): Promise<void>;
  /** Has what other programs read show this build. */
  publish(projection: ProjectionId): Promise<void>;
  change(projection: ProjectionId, changes: ProjectionChanges): Promise<void>;
  /** Sets the checkpoints of all shards. */
  setPosition(projection: ProjectionId, position: number): Promise<void>;
  /** Has the shards of a build begin anew that have stopped or fail. */
  restart(projection: ProjectionId): Promise<void>;
  /** Gives a build, whose shards are all at one position and have nothing parked, another number of them. */
  reshard(projection: ProjectionId, shards: number): Promise<void>;
  /** Makes a build one of another version. */
  setVersion(projection: ProjectionId, version: number): Promise<void>;
  /** Removes a build with its tables, checkpoints and parked events. */
  remove(projection: ProjectionId): Promise<void>;
  record(operation: Operation): Promise<void>;
  /** Notes that somebody gave a version up, so that no node builds it by itself; or that it was asked for again. */
  setGivenUp(version: NamedVersion, isGivenUp: boolean): Promise<void>;
  isGivenUp(version: NamedVersion): Promise<boolean>;
}
