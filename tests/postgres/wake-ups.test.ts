import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { EventStore, SubscribeOptions } from '../../src/application/ports/event-store.ts';
import type { Store, StoreServices } from '../../src/application/ports/store.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import type { PostgresOptions } from '../../src/infrastructure/postgres/index.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { deposited, deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { listingQueries } from '../support/listed-queries.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

// With this pause polling explains nothing.
const never = 3_600_000;

let stores: PostgresStores;
let streams = 0;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  stores = await postgresStores();
  await stores.open();
});

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

afterAll(async () => stores.close());

/* A store with connections of its own, like that of another process. */
async function open(options: PostgresOptions = {}, url = stores.url): Promise<EventStore> {
  const services: StoreServices = testServices();
  const store: Store = await postgres(url, { schema: stores.schema, ...options }).open(services);
  opened.push(store);
  return store.events;
}

/* Reads in the background, from what is settled now, and keeps the amounts it saw. */
async function reader(events: EventStore, options: SubscribeOptions = {}): Promise<number[]> {
  const amounts: number[] = [];
  const from = options.from ?? (await events.settledPosition());
  const read = async (): Promise<void> => {
    for await (const { payload } of events.subscribe({ ...options, from })) {
      amounts.push((payload as { amount: number }).amount);
    }
  };
  void read().catch(() => undefined);
  return amounts;
}

async function append(events: EventStore, amount: number, type = 'account.deposited'): Promise<void> {
  const stream = { aggregateType: 'account', aggregateId: `acc-${++streams}` };
  await events.append({ stream, expectedVersion: 'none', events: [deposited(amount, { type })] });
}

/* The processes that listen for commits in this schema. */
async function listeners(): Promise<number[]> {
  const { rows } = await stores.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name like '% listen' and query like 'listen %' || $1`,
    [stores.schema],
  );
  return rows.map(row => row.pid);
}

async function listener(): Promise<number> {
  const [pid] = await eventually('one listens', async () => {
    const found = await listeners();
    return found.length > 0 && found;
  });
  return pid!;
}

function seen(amounts: readonly number[], count: number): Promise<unknown> {
  return eventually(`${count} are seen`, async () => amounts.length === count);
}

describe('A commit of another process', () => {
  test('is told by NOTIFY, one commit after another', async () => {
    const [writer, other] = [await open({ pollMs: never }), await open({ pollMs: never })];
    const amounts = await reader(other);
    await listener();
    for (let count = 1; count <= 10; count++) {
      await append(writer, count);
      await seen(amounts, count);
    }
    expect(amounts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('is told when many come at once, up to the last', async () => {
    const [writer, other] = [await open({ pollMs: never }), await open({ pollMs: never })];
    const amounts = await reader(other);
    await listener();
    const numbers = Array.from({ length: 500 }, (_value, index) => index);
    await Promise.all(numbers.map(async number => append(writer, number)));
    await seen(amounts, 500);
    expect([...amounts].sort((a, b) => a - b)).toEqual(numbers);
  });

  test('is told even if its process closes the store at once', async () => {
    const other = await open({ pollMs: never });
    const amounts = await reader(other);
    await listener();
    for (let count = 1; count <= 5; count++) {
      const brief = await postgres(stores.url, { schema: stores.schema }).open(testServices());
      await append(brief.events, count);
      await append(brief.events, count);
      await brief[Symbol.asyncDispose]();
      await seen(amounts, 2 * count);
    }
  });

  test('is found by polling where NOTIFY is switched off, and nobody listens', async () => {
    const [writer, other] = [
      await open({ usesNotify: false }),
      await open({ usesNotify: false, pollMs: 20 }),
    ];
    const amounts = await reader(other);
    for (let count = 1; count <= 10; count++) {
      await append(writer, count);
      await seen(amounts, count);
    }
    expect(amounts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await listeners()).toEqual([]);
  });

  test('is never polled for without a pause', async () => {
    for (const pollMs of [0, -1, NaN, Infinity, 1.5]) {
      await expect(open({ pollMs })).rejects.toMatchObject({ code: 'invalid-query' });
    }
  });

  test('is found by polling where nobody tells of it', async () => {
    const [writer, other] = [await open({ usesNotify: false }), await open({ pollMs: 20 })];
    const amounts = await reader(other);
    await listener();
    for (let count = 1; count <= 10; count++) {
      await append(writer, count);
      await seen(amounts, count);
    }
    expect(amounts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('The connection that listens', () => {
  test('is there only while somebody reads, whatever their number', async () => {
    const events = await open({ pollMs: never });
    const leave = new AbortController();
    expect(await listeners()).toEqual([]);
    for (let count = 0; count < 5; count++) await reader(events, { signal: leave.signal });
    await listener();
    await append(events, 1);
    expect(await listeners()).toHaveLength(1);
    leave.abort();
    await eventually('it is closed', async () => (await listeners()).length === 0);
    const again = new AbortController();
    await reader(events, { signal: again.signal });
    await listener();
  });

  test('is closed with the store', async () => {
    const store = await postgres(stores.url, { schema: stores.schema }).open(testServices());
    const amounts = await reader(store.events);
    await append(store.events, 1);
    await seen(amounts, 1);
    await store[Symbol.asyncDispose]();
    await eventually('it is closed', async () => (await listeners()).length === 0);
  });

  test('heals when it is cut, and what was committed meanwhile is seen', async () => {
    const [writer, other] = [await open({ pollMs: never }), await open({ pollMs: never })];
    const amounts = await reader(other);
    for (let count = 1; count <= 5; count++) {
      const pid = await listener();
      await stores.pool.query('select pg_terminate_backend($1)', [pid]);
      await append(writer, count);
      await seen(amounts, count);
      await eventually('another one listens', async () => (await listener()) !== pid);
    }
    await append(writer, 6);
    await seen(amounts, 6);
    expect(amounts).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('A subscription', () => {
  test('goes on where it was when connections are cut in the middle of its reads', async () => {
    const proxy = await TcpProxy.start(stores.url);
    const writer = await open({ pollMs: never });
    const other = await open({ pollMs: 20, usesNotify: false }, proxy.urlFor(stores.url));
    const amounts = await reader(other, { batchSize: 100 });
    const expected = Array.from({ length: 3_000 }, (_value, index) => index + 1);
    const stream = { aggregateType: 'account', aggregateId: `acc-${++streams}` };
    await writer.append({ stream, expectedVersion: 'none', events: deposits(1_500) });
    for (const moment of ['within the request', 'after the request', 'before the answer'] as const) {
      for (const marker of ['settled_position', 'to stdout']) proxy.cutNext(moment, marker);
    }
    await seen(amounts, 1_500);
    const rest = expected.slice(1_500).map(amount => deposited(amount));
    await writer.append({ stream, expectedVersion: 1_500, events: rest });
    await seen(amounts, 3_000);
    expect(amounts).toEqual(expected);
    await eventually('all were cut', async () => proxy.cutCount === 6);
    await opened.pop()![Symbol.asyncDispose]();
    await proxy.close();
  });

  test('outlasts reads that the server gives up', async () => {
    const url = new URL(stores.url);
    url.searchParams.set('options', '-c statement_timeout=1000');
    const [writer, other] = [await open(), await open({ pollMs: 20 }, url.href)];
    const from = await writer.settledPosition();
    await append(writer, 1);
    const holder = await stores.pool.connect();
    await holder.query(`begin; lock table ${stores.schema}.events in access exclusive mode`);
    const amounts = await reader(other, { from });
    const reads = [1, 2, 3].map(() => other.get(randomUUID()));
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(amounts).toEqual([]);
    await holder.query('commit');
    holder.release();
    await seen(amounts, 1);
    expect(amounts).toEqual([1]);
  });

  test('waits for an open writer, and goes on by itself when that is rolled back', async () => {
    // No wake-up tells of what did not happen, and none that comes late may hide that.
    const silent = { pollMs: never, usesNotify: false };
    const queries: string[] = [];
    const client = listingQueries(new PgClient(stores.url, silentLogger), queries);
    const store = await openSqlStore(client, testServices(), stores.schema, silent);
    opened.push(store);
    const [writer, slow] = [store.events, await open(silent)];
    const amounts = await reader(writer);
    await append(writer, 1);
    await seen(amounts, 1);
    const gate = await closeGate();
    const refused = expect(append(slow, 2, 'account.held')).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    await gate.reached();
    queries.splice(0);
    await append(writer, 3);
    await eventually('the tail has looked', async () =>
      queries.some(query => query.includes('settled_position')),
    );
    expect(amounts).toEqual([1]);
    await gate.cancel();
    await refused;
    await seen(amounts, 2);
    expect(amounts).toEqual([1, 3]);
  });

  test('passes nothing that a slow writer commits after faster ones', async () => {
    const [writer, slow, other] = [await open(), await open(), await open()];
    const readers = [await reader(writer), await reader(other)];
    await listener();
    await append(writer, 1);
    await Promise.all(readers.map(async amounts => seen(amounts, 1)));
    const gate = await closeGate();
    const late = append(slow, 2, 'account.held');
    await gate.reached();
    for (let amount = 3; amount <= 5; amount++) await append(writer, amount);
    await gate.open();
    await late;
    await Promise.all(readers.map(async amounts => seen(amounts, 5)));
    for (const amounts of readers) expect(amounts).toEqual([1, 2, 3, 4, 5]);
  });

  test('is not held up by thousands of positions that were lost', async () => {
    const [writer, other] = [await open({ pollMs: never }), await open({ pollMs: never })];
    const amounts = await reader(other);
    await listener();
    await append(writer, 1);
    await seen(amounts, 1);
    const sql = `select count(nextval('${stores.schema}.event_positions')) from generate_series(1, 5000)`;
    await stores.pool.query(sql);
    await append(writer, 2);
    await seen(amounts, 2);
    await append(writer, 3);
    await seen(amounts, 3);
    expect(amounts).toEqual([1, 2, 3]);
  });
});

/* From now on appends of `account.held` wait inside the function, after their positions were taken. */
async function closeGate(): Promise<Record<'reached' | 'open' | 'cancel', () => Promise<unknown>>> {
  const { schema, pool, url } = stores;
  await pool.query(`
    create or replace function ${schema}.hold() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared('${schema}.events'::regclass::int, 0);
      return new;
    end $$;
    create or replace trigger hold before insert on ${schema}.events
      for each row when (new.event_type = 'account.held') execute function ${schema}.hold();`);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  opened.push({ [Symbol.asyncDispose]: () => client.end() });
  await client.query(`select pg_advisory_lock('${schema}.events'::regclass::int, 0)`);
  const waiting = `select pid from pg_locks where locktype = 'advisory' and not granted and objsubid = 2
    and classid = '${schema}.events'::regclass`;
  return {
    reached: () =>
      eventually('the append waits', async () => (await client.query(waiting)).rows.length === 1),
    open: () => client.query('select pg_advisory_unlock_all()'),
    cancel: () => client.query(`select pg_cancel_backend(pid) from (${waiting}) held`),
  };
}
