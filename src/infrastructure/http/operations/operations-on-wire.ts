import type { Comparison, ParkedKey, RecordedOperation } from '../../../application/index.ts';
import type { ProjectionStatus, ShardStatus } from '../../../projections/index.ts';

/** A build of a projection as JSON on the wire. */
export function statusOnWire(status: ProjectionStatus): object {
  const { name, version, generation, condition, position, lag, parked } = status;
  return {
    ...{ name, version, generation, status: status.status, written_by: status.writtenBy },
    ...{ is_paused: status.isPaused, condition, last_error: status.lastError ?? null },
    ...{ swaps_by_itself: status.swapsByItself, held_because: status.heldBecause ?? null },
    ...{ position: position ?? null, lag: lag ?? null, events_per_second: status.eventsPerSecond },
    ...{ seconds_left: status.secondsLeft ?? null, parked, shards: status.shards.map(shardOnWire) },
  };
}

function shardOnWire({ shard, position, condition, lag, ...state }: ShardStatus): object {
  return {
    ...{ shard, position, owner: state.owner ?? null, condition, error: state.error ?? null },
    ...{ lag: lag ?? null, events_per_second: state.eventsPerSecond, moved_at: state.movedAt.toISOString() },
  };
}

/** What an operator did, as JSON on the wire. */
export function operationOnWire(operation: RecordedOperation): object {
  const { action, name, version, actor, reason, details, at } = operation;
  return { action, name, version, actor, reason, details: details ?? null, at: at.toISOString() };
}

/** A key whose events wait, as JSON on the wire. */
export function parkedOnWire({ shard, key, position, error, attempts, parkedAt, count }: ParkedKey): object {
  return { shard, key, position, error, attempts, count, parked_at: parkedAt.toISOString() };
}

/** How two builds compare, as JSON on the wire. */
export function comparisonOnWire({ isSame, tables }: Comparison): object {
  const byName = Object.entries(tables).map(([name, table]) => [
    name,
    {
      ...{ live_rows: table.liveRows, built_rows: table.builtRows, compared: table.compared },
      ...{ different: table.different, examples: table.examples },
    },
  ]);
  return { is_same: isSame, tables: Object.fromEntries(byName) as object };
}
