import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import { StoreUnavailable } from '../../src/application/ports/event-store-errors.ts';
import type { Store } from '../../src/application/ports/store.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import type { PgClientOptions } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { collect } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { listingQueries } from '../support/listed-queries.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

// Below that a window is read by rows, above by COPY, and from 2,000 on in two halves.
const byRows = { batchSize: 250 };
const byCopy = { batchSize: 1_000 };
const byHalves = { batchSize: 3_000 };
const oddType = `odd.'$1'::"x\\$2`;
const aggregateTypes = ['account', 'odd "type"', "it's \\ odd", '口座'];

let stores: PostgresStores;
const opened: Store[] = [];

beforeAll(async () => {
  stores = await postgresStores();
  const events = await stores.openEvents();
  await events.appendMany(
    Array.from({ length: 300 }, (_append, index) => ({
      stream: { aggregateType: aggregateTypes[index % 4]!, aggregateId: `${index} "id" 'ä' \\ 🦆` },
      expectedVersion: 'none' as const,
      events: deposits(15),
    })),
  );
  const origin = {
    correlationId: 'a request',
    causationId: 'a command',
    userId: 'ann',
    actor: 'agent:nightly',
  } as const;
  // Too large to come with the others, even compressed.
  const large = (): object => ({ note: randomBytes(10_000).toString('hex') });
  await events.append({
    stream: { aggregateType: 'account', aggregateId: 'full' },
    expectedVersion: 'none',
    events: [
      {
        type: 'account.opened',
        schemaVersion: 7,
        payload: { owner: 'Zoë 🦆', note: '\\ "\u0001"' },
        ...origin,
      },
      { type: 'account.closed', payload: {}, metadata: { ip: '::1', note: 'ü' } },
      { type: 'account.closed', payload: large() },
    ],
  });
  await events.append({
    stream: { aggregateType: 'account', aggregateId: 'large' },
    expectedVersion: 'none',
    events: Array.from({ length: 700 }, (_event, index) => ({
      type: index % 2 === 0 ? oddType : 'annals.noted',
      payload: index % 50 === 0 ? large() : { index },
      metadata: index % 90 === 0 ? { ...large() } : {},
    })),
  });
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
});

afterAll(() => stores.close());

async function open(
  target: string | pg.Pool,
  queries: string[],
  options?: PgClientOptions,
): Promise<EventStore> {
  const client = listingQueries(new PgClient(target, silentLogger, options), queries);
  const store = await openSqlStore(client, testServices(), stores.schema);
  opened.push(store);
  return store.events;
}

function isCopied(query: string): boolean {
  return query.includes('$1::bigint');
}

/* Nobody reads the events until it is let go. */
async function lockEvents(): Promise<() => Promise<void>> {
  const client = await stores.pool.connect();
  await client.query(`begin; lock table ${stores.schema}.events in access exclusive mode`);
  return async () => {
    await client.query('rollback');
    client.release();
  };
}

describe('A long page of the feed', () => {
  test.each(Object.entries({ byCopy, byHalves }))(
    'has the events of short ones: %s',
    async (_name, options) => {
      const queries: string[] = [];
      const events = await open(stores.url, queries);
      const filters = [
        {},
        { types: ['account.deposited'] },
        { types: ['account.closed', 'account.opened', 'account.unknown'] },
        { types: [oddType] },
        // Not the schema of the default name.
        { types: ['annals.noted'] },
        { afterPosition: 4_400 },
        { aggregateTypes: aggregateTypes.slice(1, 3) },
        { afterPosition: 1_234 },
        { afterPosition: 1_234, toPosition: 4_000, types: ['account.deposited'], aggregateTypes: ['口座'] },
      ];
      for (const filter of filters) {
        queries.length = 0;
        const expected = await collect(events.readFeed({ ...filter, ...byRows }));
        expect(expected.length).toBeGreaterThan(1);
        expect(queries.filter(isCopied)).toEqual([]);

        const seen = await collect(events.readFeed({ ...filter, ...options }));

        expect(seen.map(event => JSON.stringify(event))).toEqual(
          expected.map(event => JSON.stringify(event)),
        );
        expect(queries.some(isCopied)).toBe(true);
      }
    },
  );

  test('is read by rows where a pool hands out something other than the connections of pg', async () => {
    const plain = new pg.Pool({ connectionString: stores.url });
    const hidden = { has: (client: object, name: PropertyKey) => name !== 'connection' && name in client };
    const pool = new Proxy(plain, {
      get(target, name) {
        if (name !== 'connect') return Reflect.get(target, name) as unknown;
        return (answer: (error: Error | undefined, client: unknown) => void): void =>
          target.connect((error, client) => answer(error, client && new Proxy(client, hidden)));
      },
    });
    const events = await open(pool, []);

    expect(await collect(events.readFeed(byCopy))).toHaveLength(5_203);

    await plain.end();
  });
});

test('A long page is read by rows where a pool sends several statements at once', async () => {
  const pool = new pg.Pool({ connectionString: stores.url, max: 2, pipeline: true });
  const events = await open(pool, []);
  expect(await collect(events.readFeed(byHalves))).toHaveLength(5_203);
  await pool.end();
});

describe('A COPY that fails', () => {
  test.each([
    { name: 'as the driver is told to wait no longer', settings: {}, options: { answerTimeoutMs: 200 } },
    {
      name: 'as the server is told to go on no longer',
      settings: { options: '-c statement_timeout=200' },
      options: {},
    },
  ])('tells so, and the next one is fine: $name', async ({ settings, options }) => {
    const pool = new pg.Pool({ connectionString: stores.url, max: 2, ...settings });
    const queries: string[] = [];
    const events = await open(pool, queries, options);
    await events.settledPosition();
    const letGo = await lockEvents();

    await expect(events.readFeedPage(byHalves)).rejects.toThrow(StoreUnavailable);

    await letGo();
    expect(queries.filter(isCopied)).toHaveLength(2);
    expect((await events.readFeedPage(byHalves)).events).toHaveLength(3_000);
    await pool.end();
  });

  test('tells so when its connection is cut, and the next one is fine', async () => {
    const proxy = await TcpProxy.start(stores.url);
    const events = await open(proxy.urlFor(stores.url), []);
    for (const moment of ['within the request', 'before the answer'] as const) {
      proxy.cutNext(moment, 'to stdout');
      await expect(events.readFeedPage(byCopy)).rejects.toThrow(StoreUnavailable);
      expect((await events.readFeedPage(byCopy)).events).toHaveLength(1_000);
    }
    expect(proxy.cutCount).toBe(2);
    await opened.pop()![Symbol.asyncDispose]();
    await proxy.close();
  });
});
