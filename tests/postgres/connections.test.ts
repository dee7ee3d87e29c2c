import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Recorded } from '../../src/domain/index.ts';
import type { Store } from '../../src/application/ports/store.ts';
import { InvalidAppend } from '../../src/application/ports/event-store-errors.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import type { PgPool, PgQuery } from '../../src/infrastructure/postgres/index.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { checkRefused } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import { alwaysInline } from '../support/always-inline.ts';

const stream = { aggregateType: 'account', aggregateId: 'acc-1' };

let stores: PostgresStores;
/* With a single connection, one that is not given back stops everything. */
let pool: pg.Pool;
let store: Store;

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
  pool = new pg.Pool({ connectionString: stores.url, max: 1, connectionTimeoutMillis: 5_000 });
  store = await postgres(pool, { schema: stores.schema }).open(testServices());
  await store.events.append({ stream, expectedVersion: 'none', events: deposits(2_500) });
});

afterAll(async () => {
  // Not awaited: a connection that a failing test has kept would make it wait for ever. Dropping the database cuts it.
  void pool.end();
  await stores.close();
});

/* Hands on what the type names, and no more. */
function forwarding(): PgPool {
  return {
    connect: callback => pool.connect(callback),
    query: (query: PgQuery | string, values?: unknown[]) => pool.query(query as string, values),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
  };
}

async function leaveEarly(events: AsyncIterable<Recorded>): Promise<void> {
  for await (const event of events) {
    expect(event.version).toBe(1);
    break;
  }
}

/* A query that is answered has a connection, and every other caller has given its own back. */
async function checkAllIdle(): Promise<void> {
  await pool.query('select 1');
  expect({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }).toEqual({
    ...{ total: 1, idle: 1, waiting: 0 },
  });
}

describe('The connections of a PostgreSQL store', () => {
  function urlWith(isolation: string): string {
    const url = new URL(stores.url);
    const option = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
    return `${url.href}?options=${encodeURIComponent(option)}`;
  }

  test.each(['repeatable read', 'serializable'])('are refused where they begin at %s', async isolation => {
    const opening = postgres(urlWith(isolation), { schema: stores.schema }).open(testServices());
    await expect(opening).rejects.toMatchObject({
      code: 'unsuitable-isolation',
      isolation,
      message:
        `Connections to this database begin at isolation level "${isolation}". Annals locks and then reads what others ` +
        'have committed, which needs "read committed". Reset default_transaction_isolation for the role, the database ' +
        'or the connection string; transactions of your own can ask for another level.',
    });
  });

  test('are used where they begin at the level that PostgreSQL treats alike', async () => {
    const factory = postgres(urlWith('read uncommitted'), { schema: stores.schema });
    await using opened = await factory.open(testServices());
    await expect(opened.events.streamVersion(stream)).resolves.toBe(2_500);
  });

  test('see in transactions what is committed, whatever their default has become', async () => {
    await using client = new PgClient(urlWith('repeatable read'), silentLogger);
    const text = 'show transaction_isolation';
    await expect(client.transaction(runner => runner.run({ text }))).resolves.toEqual([['read committed']]);
  });

  test.each<[string, unknown, string]>([
    ['an empty object', {}, 'connect(), query(), on(), off()'],
    ['nothing', null, 'connect(), query(), on(), off()'],
    ['what has no events', { connect: () => undefined, query: () => undefined }, 'on(), off()'],
  ])('are not asked of %s', async (_title, target, missing) => {
    await expect(postgres(target as PgPool).open(testServices())).rejects.toMatchObject({
      code: 'unsuitable-pool',
      message: `What was passed as a pool has no ${missing}. Pass a pg.Pool, or an object that hands these calls on to one.`,
    });
  });

  test('are not waited for where a pool only promises them, and are given back', async () => {
    const promising = { ...forwarding(), connect: () => pool.connect() };
    await expect(postgres(promising as unknown as PgPool).open(testServices())).rejects.toMatchObject({
      code: 'unsuitable-pool',
      message:
        'What was passed as a pool promises connections, but does not call the callback that connect() is given. ' +
        'Pass a pg.Pool, or an object that hands these calls on to one.',
    });
    await checkAllIdle();
  });

  test('come from any object that satisfies the type of a pool', async () => {
    await using opened = await postgres(forwarding(), { schema: stores.schema }).open(testServices());
    await expect(opened.events.streamVersion(stream)).resolves.toBe(2_500);
    await expect(opened.readModels.transaction(async () => 'done')).resolves.toBe('done');
  });

  test('are all given back when readers of a stream leave early', async () => {
    for (let round = 0; round < 20; round++) await leaveEarly(store.events.readStream(stream));
    await checkAllIdle();
  });

  test('are all given back when readers of the feed leave early', async () => {
    for (let round = 0; round < 20; round++) await leaveEarly(store.events.readFeed({ batchSize: 10 }));
    await checkAllIdle();
  });

  test('are all given back when a reader throws', async () => {
    const failing = async (): Promise<void> => {
      for await (const event of store.events.readFeed({ batchSize: 10 })) {
        throw new Error(`cannot handle ${event.version}`);
      }
    };
    for (let round = 0; round < 20; round++) await expect(failing()).rejects.toThrow('cannot handle 1');
    await checkAllIdle();
  });

  test('are all given back when appends are refused', async () => {
    for (let round = 0; round < 20; round++) {
      const append = { stream, expectedVersion: -1, events: deposits(1) };
      await checkRefused(() => store.events.append(append), InvalidAppend, { code: 'invalid-append' });
      const late = { stream, expectedVersion: 1, events: deposits(1) };
      await expect(store.events.append(late)).rejects.toMatchObject({ code: 'stream-version-conflict' });
    }
    await checkAllIdle();
  });

  test('are all given back when an inline projection throws', async () => {
    const inline = await postgres(pool, { schema: stores.schema }).open(testServices());
    const failure = new Error('cannot project');
    inline.events.useInlineProjections(alwaysInline(() => Promise.reject(failure)));
    for (let round = 0; round < 20; round++) {
      const append = { stream, expectedVersion: 'any', events: deposits(1) } as const;
      await expect(inline.events.append(append)).rejects.toBe(failure);
    }
    expect(await store.events.streamVersion(stream)).toBe(2_500);
    await checkAllIdle();
  });

  test('are replaced when one dies within a transaction, whose append is stored once', async () => {
    const inline = await postgres(pool, { schema: stores.schema }).open(testServices());
    const fragile = { ...stream, aggregateId: 'fragile' };
    let attempts = 0;
    inline.events.useInlineProjections(
      alwaysInline(async (_events, { sql }) => {
        if (++attempts <= 3) await sql!.query('select pg_terminate_backend(pg_backend_pid())');
      }),
    );

    const append = { stream: fragile, expectedVersion: 'none', events: deposits(2) } as const;
    expect(await inline.events.append(append)).toMatchObject({ version: 2, repeated: false });

    expect(attempts).toBe(4);
    expect(await store.events.streamVersion(fragile)).toBe(2);
    await checkAllIdle();
  });

  test("stay open when the store is closed, for the pool is its owner's", async () => {
    const other = await postgres(pool, { schema: stores.schema }).open(testServices());
    await other[Symbol.asyncDispose]();
    await checkAllIdle();
    expect(await store.events.streamVersion(stream)).toBe(2_500);
  });

  test('are closed with the store that has opened them', async () => {
    const url = new URL(stores.url);
    url.searchParams.set('application_name', `closing-${stores.schema}`);
    const own = await postgres(url.href, { schema: stores.schema }).open(testServices());
    await own.events.streamVersion(stream);
    const sql = 'select count(*)::int as count from pg_stat_activity where application_name = $1';
    const count = async (): Promise<number> => {
      const { rows } = await stores.pool.query<{ count: number }>(sql, [`closing-${stores.schema}`]);
      return rows[0]!.count;
    };
    expect(await count()).toBe(1);
    await own[Symbol.asyncDispose]();
    await eventually('the server has noticed', async () => (await count()) === 0);
  });
});
