import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventHandler, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import pg from 'pg';
import { collect } from '../../src/infrastructure/testing/contract/expectations.ts';
import { MoneyDeposited, bankModule, deposit } from '../support/bank.ts';
import { Amounts, StoppingAmounts, poison, resetPoison, swallow } from '../support/poison.ts';
import { postgresStores, randomSchema, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

/*
 * A writer reads the sequence, and before it announces what it has read, others append and readers pass that. A process
 * that looks then for the first time takes less for settled than others have handled already.
 */

const seen: string[] = [];

@Projector('seen_deposits', { attempts: 1 })
class SeenDeposits extends EventHandler {
  @On(MoneyDeposited) deposited({ aggregateId, payload }: Recorded<MoneyDeposited>) {
    swallow(payload.amount);
    seen.push(`${aggregateId} ${payload.amount}`);
  }
}

@Projector('shared_seen_deposits', { shards: 2 })
class SharedSeenDeposits extends SeenDeposits {}

let stores: PostgresStores;
let schema: string;
let writer: pg.Client;
const apps: App[] = [];

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
});

beforeEach(async () => {
  resetPoison();
  seen.length = 0;
  schema = randomSchema();
  writer = new pg.Client({ connectionString: stores.url });
  await writer.connect();
});

afterEach(async () => {
  await writer.end();
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

afterAll(() => stores.close());

async function start(...projectors: readonly Class[]): Promise<App> {
  const app = await createApp({
    store: postgres(stores.url, { schema }),
    modules: [bankModule, defineModule({ projectors })],
    logger: silentLogger,
  });
  apps.push(app);
  return app;
}

/* From now on it looks as if nothing were settled, to whoever has not looked before. */
async function announceBeginning(): Promise<void> {
  await writer.query(`
    begin;
    select pg_advisory_xact_lock_shared((('${schema}.events'::regclass::oid::bigint & 32767) << 48) | 0)`);
}

/* Has these handled, and starts another process that takes none of it for settled. */
async function startAfter(projectors: readonly Class[], ...amounts: number[]): Promise<App> {
  const before = await start(...projectors);
  await deposit(before, ['a', ...amounts]);
  await before.projections.catchUp();
  await before.stop();
  await announceBeginning();
  return start(...projectors);
}

describe('a process that takes less for settled than another has handled', () => {
  test('handles what is parked when it is retried, and does not drop it', async () => {
    const app = await startAfter([Amounts, SeenDeposits], 1, 13, 2);
    poison.isOn = false;
    for (const projector of [Amounts, SeenDeposits]) {
      await expect(app.projections.retryParked(projector)).resolves.toEqual({ handled: 2, failedKeys: [] });
    }
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 13, 2] });
    expect(seen).toEqual(['a 1', 'a 13', 'a 2']);
  });

  test('keeps parked what fails again', async () => {
    const app = await startAfter([Amounts], 13, 2);
    await expect(app.projections.retryParked(Amounts)).resolves.toEqual({ handled: 0, failedKeys: ['a'] });
    await expect(app.projections.parked(Amounts)).resolves.toMatchObject([{ key: 'a', count: 2 }]);
  });

  test('skips the event before which a projection has stopped', async () => {
    const before = await start(StoppingAmounts);
    await deposit(before, ['a', 13, 2]);
    await before.projections.catchUp().catch(() => undefined);
    await before.stop();
    await announceBeginning();
    const app = await start(StoppingAmounts);
    await app.projections.skip(StoppingAmounts, 1, 'typed twice');
    await writer.query('rollback');
    await app.projections.catchUp();
    await expect(app.readModels.of(StoppingAmounts).get('a')).resolves.toEqual({ amounts: [2] });
  });

  test('brings the shards of a reaction to one position before it divides them anew', async () => {
    const before = await start(SharedSeenDeposits);
    await deposit(before, ['a', 1], ['b', 2], ['c', 3], ['d', 4]);
    await before.projections.catchUp();
    await before.projections.pause(SharedSeenDeposits);
    await before.stop();
    const once = seen.length;
    // As if the node that runs one of the shards had died before it came to any of them.
    await stores.pool.query(
      `update ${schema}.checkpoints set position = 0 where name = 'shared_seen_deposits' and shard = 1`,
    );
    await announceBeginning();
    const app = await start(SharedSeenDeposits);
    await app.projections.reshard(SharedSeenDeposits, 1);
    const [of] = (await app.projections.list()).filter(({ name }) => name === 'shared_seen_deposits');
    expect(of!.shards.map(({ position }) => position)).toEqual([4]);
    expect([once, new Set(seen).size]).toEqual([4, 4]);
    expect(seen.length).toBeGreaterThan(once);
  });

  test('lets a projection be set to where its shards are', async () => {
    const app = await startAfter([SeenDeposits], 1, 2);
    await app.projections.reset(SeenDeposits, 2);
    await expect(app.projections.reset(SeenDeposits, 3)).rejects.toMatchObject({
      ...{ code: 'reset-refused', message: expect.stringContaining('the last settled event is at 0') },
    });
    expect(seen).toEqual(['a 1', 'a 2']);
  });
});

describe('a process that has waited until a position was settled', () => {
  test('reads the feed up to there, although a writer announces an older bound then', async () => {
    const before = await start();
    await deposit(before, ['a', 1, 2, 3]);
    await using store = await postgres(stores.url, { schema }).open(testServices());
    await expect(store.events.lastSettledEvent(2)).resolves.toBe(2);
    await announceBeginning();
    const read = await collect(store.events.readFeed({ toPosition: 3 }));
    expect(read.map(({ position }) => position)).toEqual([1, 2]);
    await expect(store.events.settledPosition()).resolves.toBe(2);
  });
});
