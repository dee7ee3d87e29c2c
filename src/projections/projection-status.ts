import type { ProjectionLag } from '../application/ports/store-health.ts';
import type {
  BuildStatus,
  ProjectionState,
  ShardCondition,
  ShardState,
  WrittenBy,
} from '../application/ports/projection-states.ts';
import { isSameBuild } from '../application/same-build.ts';

/** How far something is behind the log. */
export interface LagStatus {
  /** Positions, of which some may be burned. */
  readonly events: number;
  /** How long the first event behind it has been stored. */
  readonly ms: number;
  /** Events by which it grows a second, lately; below 0 it shrinks. */
  readonly growth: number;
}

/** A shard of a build as `list` shows it. */
export interface ShardStatus extends ShardState {
  /** Undefined where every append writes. */
  readonly lag: LagStatus | undefined;
}

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
  /** That of its slowest shard; undefined where every append writes. */
  readonly lag: LagStatus | undefined;
  /** Events that its slowest shard passes in a second, lately. */
  readonly eventsPerSecond: number;
  /** Until it has caught up, if its lag goes on to shrink as it does now; undefined if it does not. */
  readonly secondsLeft: number | undefined;
  readonly shards: readonly ShardStatus[];
  /** Keys that wait for an operator, and how many events wait under them. */
  readonly parked: { readonly keys: number; readonly events: number };
}

// Whoever has not moved for so long although there was something to do has no speed.
const stillAfterMs = 5_000;

/** Tells how a build is doing. */
export function statusOf(build: ProjectionState, lags: readonly ProjectionLag[]): ProjectionStatus {
  const { name, version, generation, status, writtenBy, isPaused } = build;
  const { swapsByItself, heldBecause } = build;
  const known = lags.find(found => isSameBuild(found, build));
  // What every append writes is never behind.
  const measured = writtenBy === 'appends' ? undefined : known;
  const shards = build.shards.map(shard => ({ ...shard, lag: measured && lagOf(shard, measured) }));
  const slowest = shards.reduce((one, other) => (other.position < one.position ? other : one));
  const conditions = shards.map(shard => shard.condition);
  const worst = (['stopped', 'retrying'] as const).find(condition => conditions.includes(condition));
  return {
    ...{ name, version, generation, status, writtenBy, isPaused, swapsByItself, heldBecause, shards },
    condition: worst ?? 'running',
    lastError: shards.find(shard => shard.error !== undefined)?.error,
    position: writtenBy === 'appends' ? undefined : slowest.position,
    lag: slowest.lag,
    eventsPerSecond: Math.min(...shards.map(shard => shard.eventsPerSecond)),
    secondsLeft: slowest.lag && secondsLeft(slowest.lag),
    parked: known?.parked ?? { keys: 0, events: 0 },
  };
}

function lagOf({ shard, eventsPerSecond }: ShardState, lag: ProjectionLag): LagStatus | undefined {
  const found = lag.shards.find(each => each.shard === shard);
  if (found === undefined) return undefined;
  const { events, lagMs: ms, stillMs } = found;
  const speed = stillMs > stillAfterMs ? 0 : eventsPerSecond;
  return { events, ms, growth: events === 0 ? 0 : Math.round(lag.appendedPerSecond - speed) };
}

function secondsLeft({ events, growth }: LagStatus): number | undefined {
  if (events === 0) return 0;
  return growth < 0 ? Math.ceil(events / -growth) : undefined;
}
