import { describe, expect, test } from '@jest/globals';
import { lagOfShards } from '../../../src/application/health/projection-lag.ts';
import type { ProjectionState, ShardState } from '../../../src/application/ports/projection-states.ts';
import type { ProjectionLag, ShardLag } from '../../../src/application/ports/store-health.ts';
import { statusOf } from '../../../src/projections/projection-status.ts';

const id = { name: 'balances', version: 1, generation: 1 };

function shardAt(position: number, eventsPerSecond: number, shard = 0): ShardState {
  const running = { condition: 'running', owner: 'node-1', error: undefined } as const;
  return { shard, position, eventsPerSecond, epoch: 1, movedAt: new Date(0), ...running };
}

function buildOf(
  shards: readonly ShardState[],
  writtenBy: 'runners' | 'appends' = 'runners',
): ProjectionState {
  return {
    ...{ ...id, status: 'live', writtenBy, isPaused: false, swapsByItself: false, allowsParked: false },
    ...{ heldBecause: undefined, maxEventsPerSecond: undefined, createdAt: new Date(0), shards },
  };
}

/* The log ends at 1,000. */
function lagsOf(appendedPerSecond: number, shards: readonly ShardState[], stillMs = 10): ProjectionLag[] {
  const lags = shards.map(({ shard, position }): ShardLag => {
    const events = 1_000 - position;
    return { shard, position, events, lagMs: events * 5, stillMs };
  });
  return [lagOfShards({ ...id, appendedPerSecond, parked: { keys: 0, events: 0 } }, lags)];
}

describe('The lag of a projection', () => {
  test('shrinks by what it handles more than is appended, which says when it has caught up', () => {
    const shards = [shardAt(400, 50)];
    const status = statusOf(buildOf(shards), lagsOf(20, shards));
    expect(status).toMatchObject({ lag: { events: 600, ms: 3_000, growth: -30 }, secondsLeft: 20 });
  });

  test('grows where more is appended, and then nobody can say when it has caught up', () => {
    const shards = [shardAt(400, 50)];
    const status = statusOf(buildOf(shards), lagsOf(70, shards));
    expect(status).toMatchObject({ lag: { growth: 20 } });
    expect(status.secondsLeft).toBeUndefined();
  });

  test('grows by all that is appended where nothing has been handled for seconds', () => {
    const shards = [shardAt(400, 50)];
    expect(statusOf(buildOf(shards), lagsOf(20, shards, 6_000)).lag?.growth).toBe(20);
  });

  test('is that of the slowest shard, and each shard has its own', () => {
    const shards = [shardAt(1_000, 30), shardAt(700, 40, 1)];
    const status = statusOf(buildOf(shards), lagsOf(30, shards));
    expect(status.position).toBe(700);
    expect(status.lag).toEqual({ events: 300, ms: 1_500, growth: -10 });
    expect(status.secondsLeft).toBe(30);
    expect(status.shards.map(({ lag }) => lag)).toEqual([{ events: 0, ms: 0, growth: 0 }, status.lag]);
  });

  test('is nothing where all is handled, and unknown where appends write', () => {
    const shards = [shardAt(1_000, 30)];
    expect(statusOf(buildOf(shards), lagsOf(50, shards))).toMatchObject({
      lag: { events: 0, ms: 0, growth: 0 },
      secondsLeft: 0,
    });
    const inline = statusOf(buildOf(shards, 'appends'), lagsOf(50, shards));
    expect(inline).toMatchObject({ lag: undefined, position: undefined, secondsLeft: undefined });
    expect(inline.shards[0]?.lag).toBeUndefined();
  });
});
