import type { ProjectionLag } from '../application/ports/store-health.ts';
import type {
  BuildStatus,
  ProjectionState,
  ShardCondition,
  ShardState,
  WrittenBy,
} from '../application/ports/projection-states.ts';
import { isSameBuild, positionOf } from './builds.ts';

/** A build of a projection as `list` shows it. */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
  readonly status: BuildStatus;
  readonly writtenBy: WrittenBy;
  readonly isPaused: boolean;
  /** Whether it takes the place of the live one as soon as it has caught up. */
  readonly swapsByItself: boolean;
  /** Why it has not done so and waits for an operator: `swap`, or `cancelRebuild`. */
  readonly heldBecause: string | undefined;
  /** The worst of its shards'. */
  readonly condition: ShardCondition;
  /** Why a shard is retrying or has stopped. */
  readonly lastError: string | undefined;
  /** The position that all shards have reached; undefined where every append writes. */
  readonly position: number | undefined;
  /** How far it is behind the log; undefined where every append writes. Of positions some may be burned. */
  readonly lag: { readonly events: number; readonly ms: number } | undefined;
  /** Events that its slowest shard passes in a second, lately. */
  readonly eventsPerSecond: number;
  /** Until it has caught up at this speed; undefined where that cannot be told. */
  readonly secondsLeft: number | undefined;
  readonly shards: readonly ShardState[];
  /** Keys that wait for an operator, and how many events wait under them. */
  readonly parked: { readonly keys: number; readonly events: number };
}

/** Tells how a build is doing. */
export function statusOf(build: ProjectionState, lags: readonly ProjectionLag[]): ProjectionStatus {
  const { name, version, generation, status, writtenBy, isPaused, shards } = build;
  const { swapsByItself, heldBecause } = build;
  const lag = lags.find(found => isSameBuild(found, build));
  const eventsPerSecond = Math.min(...shards.map(shard => shard.eventsPerSecond));
  const conditions = shards.map(shard => shard.condition);
  const worst = (['stopped', 'retrying'] as const).find(condition => conditions.includes(condition));
  return {
    ...{ name, version, generation, status, writtenBy, isPaused, shards, swapsByItself, heldBecause },
    condition: worst ?? 'running',
    lastError: shards.find(shard => shard.error !== undefined)?.error,
    lag: lag === undefined || writtenBy === 'appends' ? undefined : { events: lag.events, ms: lag.lagMs },
    position: writtenBy === 'appends' ? undefined : positionOf(build),
    eventsPerSecond,
    secondsLeft:
      lag === undefined || eventsPerSecond === 0 ? undefined : Math.ceil(lag.events / eventsPerSecond),
    parked: lag?.parked ?? { keys: 0, events: 0 },
  };
}
