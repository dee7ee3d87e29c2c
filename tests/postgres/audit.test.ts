import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Consumers } from '../../src/application/consumers/consumers.ts';
import { postgresStores, randomSchema } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

describe('The record of what operators did', () => {
  let stores: PostgresStores;

  const query = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const { rows } = await stores.pool.query(sql.replaceAll('annals.', `${stores.schema}.`), values);
    return rows as Record<string, unknown>[];
  };

  beforeAll(async () => {
    stores = await postgresStores();
    await stores.openEvents();
    await query(`
      insert into annals.operations (at, action, name, version, actor, reason) values
        ('2020-01-01', 'pause', 'sales', 1, 'user:olga', 'too slow'), ('2030-01-01', 'resume', 'sales', 1, 'user:olga', 'fixed')`);
  });

  afterAll(() => stores.close());

  test.each([
    "update annals.operations set actor = 'system'",
    'delete from annals.operations',
    'truncate annals.operations',
  ])('refuses %s, by its owner too', async sql => {
    const all = () => query('select * from annals.operations order by operation_id');
    const before = await all();
    await expect(query(sql)).rejects.toMatchObject({
      code: '23001',
      message: expect.stringContaining('What was done is never changed'),
    });
    expect(await all()).toEqual(before);
  });

  test.each([
    [null, 'old'],
    ['user:olga', ' '],
  ])('is not purged by %j because of %j', async (by, why) => {
    await expect(query('select annals.purge_operations(now(), $1, $2)', [by, why])).rejects.toThrow(
      'A purge needs to know by whom, and why.',
    );
  });

  test('is purged of what is old, which is recorded, and is closed again', async () => {
    const purge =
      "select annals.purge_operations('2025-01-01', 'user:olga', 'kept for years')::int as removed";
    expect(await query(purge)).toEqual([{ removed: 1 }]);
    expect(
      await query('select action, name, actor, reason, details from annals.operations order by operation_id'),
    ).toEqual([
      { action: 'resume', name: 'sales', actor: 'user:olga', reason: 'fixed', details: null },
      {
        ...{ action: 'purge', name: '*', actor: 'user:olga', reason: 'kept for years' },
        details: { before: expect.stringMatching(/^2025-01-01T/), operations: 1 },
      },
    ]);
    await expect(query('delete from annals.operations')).rejects.toMatchObject({ code: '23001' });
    // In one transaction with the purge, too.
    await expect(query(`${purge}; delete from annals.operations`)).rejects.toMatchObject({ code: '23001' });
  });
});

describe('The record of what operators did, for a role that has all rights on all tables', () => {
  let stores: PostgresStores;
  const role = `clerk_${randomSchema()}`;
  const evil = `evil_${role}`;
  const purge = "select annals.purge_operations('2025-01-01', 'user:olga', 'kept for years')::int as removed";

  beforeAll(async () => {
    stores = await postgresStores();
    await stores.openEvents();
    const { schema } = stores;
    await stores.pool.query(`
      create role ${role} nologin;
      grant usage on schema ${schema} to ${role};
      grant all on all tables in schema ${schema} to ${role};
      insert into ${schema}.operations (at, action, name, version, actor, reason) values
        ('2020-01-01', 'pause', 'sales', 1, 'user:olga', 'too slow');
      create schema ${evil};
      create function ${evil}.pg_get_userbyid(oid) returns name language sql as 'select current_user';
      grant usage on schema ${evil} to ${role}`);
  });

  afterAll(async () => {
    await stores.pool.query(`drop schema ${evil} cascade; drop owned by ${role}; drop role ${role}`);
    await stores.close();
  });

  async function asClerk(...statements: readonly string[]): Promise<unknown> {
    const client = await stores.pool.connect();
    try {
      await client.query(`begin; set local role ${role}`);
      const done: { rows: unknown }[] = [];
      for (const sql of statements)
        done.push(await client.query(sql.replaceAll('annals.', `${stores.schema}.`)));
      await client.query('commit');
      return done.at(-1)!.rows;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  const purging = "set local annals.is_purging = 'on'";

  test.each([
    ['is not emptied by a setting', [purging, 'delete from annals.operations']],
    [
      'is not emptied by functions that it brings along',
      [`set local search_path = ${evil}, pg_catalog`, purging, 'delete from annals.operations'],
    ],
    ['is not truncated by a setting', [purging, 'truncate annals.operations']],
  ])('%s', async (_title, statements) => {
    await expect(asClerk(...statements)).rejects.toMatchObject({ code: '23001' });
  });

  test('is purged only when it was granted that, which needs nothing else', async () => {
    await expect(asClerk(purge)).rejects.toMatchObject({ code: '42501' });
    const { schema, pool } = stores;
    await pool.query(`
      revoke all on all tables in schema ${schema} from ${role};
      grant execute on function ${schema}.purge_operations(timestamptz, text, text) to ${role}`);
    await expect(asClerk(purge)).resolves.toEqual([{ removed: 1 }]);
    const { rows } = await pool.query(`select action, actor, reason from ${schema}.operations`);
    expect(rows).toEqual([{ action: 'purge', actor: 'user:olga', reason: 'kept for years' }]);
  });
});

describe('What cannot be recorded', () => {
  test('is not done to a consumer either', async () => {
    const stores = await postgresStores();
    const { events, consumers: store, readModels } = await stores.open();
    const consumers = new Consumers({ events, store, readModels });
    const stream = { aggregateType: 'order', aggregateId: 'o-1' };
    const placed = [1, 2].map(() => ({ type: 'order.placed', payload: {} }));
    await events.append({ stream, expectedVersion: 'any', events: placed });
    await consumers.open('billing', { maxAttempts: 1 });
    const [first] = await consumers.pull('billing');
    await consumers.acknowledge('billing', first!.event.eventId, { transactionId: 'tx-1' });
    const [second] = await consumers.pull('billing');
    const { eventId } = second!.event;
    await consumers.fail('billing', eventId, { error: 'no' });
    const all = async () => ({
      states: await consumers.list(),
      told: await consumers.processingOf('billing', [first!.event, second!.event]),
      operations: await readModels.listOperations(undefined, 100),
    });
    const before = await all();
    await stores.pool.query(
      `alter table ${stores.schema}.operations add constraint nothing_more check (false) not valid`,
    );
    for (const act of [
      () => consumers.open('new'),
      () => consumers.retry('billing', eventId),
      () => consumers.discard('billing', eventId, { reason: 'a test order' }),
      () => consumers.purge('billing', new Date(Date.now() + 60_000)),
      () => consumers.remove('billing'),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: '23514' });
    }
    expect(await all()).toEqual(before);
    await stores.close();
  });
});
