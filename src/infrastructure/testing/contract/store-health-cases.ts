import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Recorded } from '../../../domain/index.ts';
import type { EventStore } from '../../../application/ports/event-store.ts';
import { StoreUnavailable } from '../../../application/ports/event-store-errors.ts';
import type { EventToPark } from '../../../application/ports/parked-events.ts';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type { ReadModelStore } from '../../../application/ports/read-model-store.ts';
import type { ProjectionLag, ShardLag, StoreHealth } from '../../../application/ports/store-health.ts';
import { checkRefused } from './expectations.ts';

/** What a case needs of a store. */
export interface StoreWithHealth {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly health: StoreHealth;
}

type CaseBody = (store: StoreWithHealth, close: () => Promise<void>) => Promise<void>;

const notParked = { keys: 0, events: 0 };

/** What a store says of itself, and of how far projections are behind. */
export const storeHealthCases: Readonly<Record<string, CaseBody>> = {
  async 'says that it can be written to and that its schema is of this release'({ health }) {
    deepStrictEqual(await health.state(), { isWritable: true, missingMigrations: [], isNewer: false });
  },
  async 'has nothing waiting when every append was answered'({ events, health }) {
    await append(events);
    const { appendsWaiting, callsInFlight, appendsStillMs } = health.activity();
    deepStrictEqual([appendsWaiting, callsInFlight, appendsStillMs], [0, 0, 0]);
  },
  async 'counts who reads, as long as they do, and what woke them'({ events, health }) {
    const before = health.activity();
    const from = await events.settledPosition();
    const reading = events.subscribe({ from })[Symbol.asyncIterator]();
    const next = reading.next();
    const position = await append(events);
    const { value } = (await next) as IteratorResult<Recorded, undefined>;
    equal(value?.position, position);
    const during = health.activity();
    equal(during.subscriptions, before.subscriptions + 1);
    ok(during.wakeUps.commit > before.wakeUps.commit);
    await reading.return?.();
    equal(health.activity().subscriptions, before.subscriptions);
  },
  async 'tells how far each shard of a build is behind, and the build as far as the slowest'(store) {
    const startAt = await store.events.settledPosition();
    const build = await addBuild(store, startAt);
    const last = await append(store.events, 3);
    await moveShard(store, build, { from: startAt, to: last });
    const [lag] = (await store.health.lags([build])) as [ProjectionLag];
    const [ahead, behind] = lag.shards as [ShardLag, ShardLag];
    const events = last - startAt;
    deepStrictEqual(ahead, { shard: 0, position: last, events: 0, lagMs: 0, stillMs: 0 });
    deepStrictEqual(withoutTimes(behind), { shard: 1, position: startAt, events });
    ok(behind.lagMs >= 0 && behind.stillMs >= 0 && behind.stillMs <= behind.lagMs);
    const { shards: _shards, appendedPerSecond, ...whole } = lag;
    ok(appendedPerSecond > 0);
    const { lagMs, stillMs } = behind;
    deepStrictEqual(whole, { ...build, position: startAt, events, lagMs, stillMs, parked: notParked });
  },
  async 'counts the keys and events of a build that are parked'(store) {
    const build = await addBuild(store, 0);
    const shard = { ...build, shard: 1 };
    const parked: EventToPark[] = ['a', 'a', 'b'].map((key, index) => ({
      ...{ key, position: index + 1, isWhole: false, error: 'RangeError: no', attempts: 3 },
    }));
    await store.readModels.transaction(async transaction => {
      await transaction.lockCheckpoint(shard);
      await transaction.parked.park(shard, parked);
    });
    const [lag] = await store.health.lags([build]);
    deepStrictEqual(lag?.parked, { keys: 2, events: 3 });
  },
  async 'tells of several builds in the order in which it is asked, and leaves out what there is not'(store) {
    const [one, other] = [await addBuild(store, 0), await addBuild(store, 0)];
    const lags = await store.health.lags([other, { ...one, generation: 2 }, one]);
    deepStrictEqual(
      lags.map(({ name, version, generation }) => ({ name, version, generation })),
      [other, one],
    );
    deepStrictEqual(await store.health.lags([]), []);
  },
  async 'does not answer for a store that is closed'({ health }, close) {
    await close();
    await checkRefused(() => health.state(), StoreUnavailable, { code: 'store-unavailable' });
  },
};

/* Appends to a stream of its own; returns the last position. */
async function append(events: EventStore, count = 1): Promise<number> {
  const stream = { aggregateType: 'case', aggregateId: randomBytes(8).toString('hex') };
  const happened = Array.from({ length: count }, () => ({ type: 'case.happened', payload: {} }));
  return (await events.append({ stream, expectedVersion: 'none', events: happened })).lastPosition;
}

async function addBuild({ readModels }: StoreWithHealth, startAt: number): Promise<ProjectionId> {
  const build = { name: `case_${randomBytes(8).toString('hex')}`, version: 1, generation: 1 };
  await readModels.changeStates(({ states }) =>
    states.add({ ...build, status: 'live', shards: 2, startAt }, 'documents'),
  );
  return build;
}

async function moveShard(
  { readModels }: StoreWithHealth,
  build: ProjectionId,
  move: { readonly from: number; readonly to: number },
): Promise<void> {
  const { projections } = await readModels.readStates();
  const state = projections.find(({ name }) => name === build.name)!;
  const shard = { ...build, shard: 0, epoch: state.shards[0]!.epoch };
  await readModels.moveCheckpoint(shard, { ...move, eventsPerSecond: 0 });
}

function withoutTimes({ shard, position, events }: ShardLag): Omit<ShardLag, 'lagMs' | 'stillMs'> {
  return { shard, position, events };
}
