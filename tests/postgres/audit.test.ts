import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Consumers } from '../../src/application/consumers/consumers.ts';
import { postgresStores } from '../support/stores.ts';
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
