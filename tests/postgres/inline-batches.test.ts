import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EventStore, InlineProjections, Store, StreamAppend } from 'annals';
import { PGliteClient } from '../../src/infrastructure/pglite/pglite-client.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import type { SqlClient } from '../../src/infrastructure/postgres/sql-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { uuidV7Generator } from '../../src/infrastructure/system/uuid-v7-generator.ts';
import { startFromTemplate } from '../../src/infrastructure/testing/stores/pglite-template.ts';
import { alwaysInline } from '../support/always-inline.ts';
import { counting } from '../support/counting-client.ts';
import { postgresStores, randomSchema, testServices } from '../support/stores.ts';

const seen = { name: 'seen', version: 1, generation: 1 };

/* Keeps one document for each stream with the number of its deposits, and refuses events that are poison. */
function countDeposits(projected: number[]): InlineProjections {
  return alwaysInline(
    async (events, transaction) => {
      projected.push(events.length);
      if (events.some(event => (event.payload as { poison?: boolean }).poison)) throw new Error('poison');
      // As a client of something else would, inside a projector.
      if (events.some(event => (event.payload as { unreachable?: boolean }).unreachable)) {
        throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNREFUSED' });
      }
      const known = await transaction.loadDocuments(seen, [...new Set(events.map(each => each.aggregateId))]);
      const counts = new Map([...known] as [string, { count: number }][]);
      for (const { aggregateId } of events) {
        counts.set(aggregateId, { count: (counts.get(aggregateId)?.count ?? 0) + 1 });
      }
      const changes = [...counts].map(([id, document]) => {
        const { version, position } = events.findLast(event => event.aggregateId === id)!;
        return { id, json: JSON.stringify(document), version, position };
      });
      await transaction.saveDocuments(seen, changes);
    },
    type => type === 'account.deposited',
  );
}

function deposit(aggregateId: string, payload: object = {}, more: Partial<StreamAppend> = {}): StreamAppend {
  const events = [{ type: 'account.deposited', payload }];
  return { stream: { aggregateType: 'account', aggregateId }, expectedVersion: 'any', events, ...more };
}

type Opened = readonly [SqlClient, () => Promise<void>];

const databases: [string, () => Promise<Opened>][] = [
  [
    'PostgreSQL',
    async () => {
      const stores = await postgresStores();
      return [new PgClient(stores.pool, silentLogger), () => stores.close()];
    },
  ],
  [
    'PGlite',
    async () => {
      const database = await startFromTemplate();
      return [new PGliteClient(database), () => database.close()];
    },
  ],
];

describe.each(databases)('appends with inline projections on %s', (_name, open) => {
  let [client, close]: Opened = [undefined as unknown as SqlClient, async () => undefined];
  let store: Store;
  let events: EventStore;
  let transactions: () => number;
  let projected: number[];

  beforeAll(async () => {
    [client, close] = await open();
  });

  beforeEach(async () => {
    const counted = counting(client);
    store = await openSqlStore(counted.client, testServices(), randomSchema());
    ({ events } = store);
    projected = [];
    events.useInlineProjections(countDeposits(projected));
    await store.readModels.transaction(({ states }) =>
      states.add({ ...seen, status: 'live', shards: 1, startAt: 0 }, 'documents'),
    );
    const before = counted.transactions();
    transactions = () => counted.transactions() - before;
  });

  afterEach(async () => store[Symbol.asyncDispose]());
  afterAll(async () => close());

  async function countOf(id: string): Promise<unknown> {
    const [document] = await store.readModels.getDocuments(seen, [id]);
    return (document?.document as { count: number } | undefined)?.count;
  }

  test('share transactions when they arrive together', async () => {
    const appends = Array.from({ length: 300 }, async (_value, index) =>
      events.append(deposit(`a-${index % 3}`)),
    );
    const results = await Promise.all(appends);
    expect(results.map(result => result.version).filter(version => version === 100)).toHaveLength(3);
    expect(transactions()).toBeLessThanOrEqual(3);
    expect(projected.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(await Promise.all(['a-0', 'a-1', 'a-2'].map(countOf))).toEqual([100, 100, 100]);
  });

  test('fail alone when a projection throws, and leave nothing behind', async () => {
    const names = Array.from({ length: 20 }, (_value, index) => `b-${index}`);
    const outcomes = await Promise.allSettled(
      names.map(async (name, index) => events.append(deposit(name, { poison: index === 13 }))),
    );
    const failed = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [index] : []));
    expect(failed).toEqual([13]);
    expect(outcomes[13]).toMatchObject({ reason: { message: 'poison' } });
    expect(await Promise.all(names.map(countOf))).toEqual(
      names.map((_name, i) => (i === 13 ? undefined : 1)),
    );
    expect(await events.streamVersion({ aggregateType: 'account', aggregateId: 'b-13' })).toBe(0);
    expect(await events.countByType()).toEqual({ 'account.deposited': 19 });
  });

  test('fail alone when a projector cannot reach something else, and say so', async () => {
    const outcomes = await Promise.allSettled(
      ['e-0', 'e-1', 'e-2', 'e-3'].map(async (name, index) =>
        events.append(deposit(name, { unreachable: index === 2 })),
      ),
    );
    const statuses = ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'];
    expect(outcomes.map(outcome => outcome.status)).toEqual(statuses);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'ECONNREFUSED' } });
  });

  test('are projected once when they are repeated, together or later', async () => {
    const again = deposit(
      'c',
      {},
      { events: [{ type: 'account.deposited', payload: {}, eventId: uuidV7Generator.next() }] },
    );
    const results = await Promise.all([events.append(again), events.append(again), events.append(again)]);
    expect(results.map(result => result.repeated).sort()).toEqual([false, true, true]);
    expect((await events.append(again)).repeated).toBe(true);
    expect(await countOf('c')).toBe(1);
  });

  test('see the events as every later reader does', async () => {
    await events.append(deposit('d'));
    await expect(events.append(deposit('d', {}, { expectedVersion: 7 }))).rejects.toMatchObject({
      code: 'stream-version-conflict',
    });
    await events.append({ ...deposit('d'), events: [{ type: 'account.renamed', payload: {} }] });
    expect(projected).toEqual([1]);
    expect(await countOf('d')).toBe(1);
  });
});
