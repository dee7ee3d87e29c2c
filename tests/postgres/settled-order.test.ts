import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { Consumers } from '../../src/application/consumers/consumers.ts';
import type {
  AppendResult,
  EventPage,
  EventQuery,
  EventStore,
} from '../../src/application/ports/event-store.ts';
import { collect, plain } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposited, deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

/*
 * Races by construction: a trigger holds an append that carries an event `account.held`, inside the function,
 * after its positions were taken and before they are visible, until the test lets it go.
 */

let stores: PostgresStores;
let events: EventStore;
let gates: pg.Client[];
const opened: PostgresStores[] = [];

beforeEach(async () => {
  stores = await openHoldingStores();
  events = await stores.openEvents();
  gates = [];
});

afterEach(async () => {
  for (const gate of gates) await gate.end();
});

afterAll(async () => {
  for (const each of opened) await each.close();
});

describe('The pages of a query', () => {
  const positionsOf = ({ events: found }: EventPage): number[] => found.map(({ position }) => position);

  async function pagesFrom(query: EventQuery): Promise<number[]> {
    const page = await events.query(query);
    if (page.nextCursor === undefined) return positionsOf(page);
    return [...positionsOf(page), ...(await pagesFrom({ ...query, cursor: page.nextCursor }))];
  }

  test('pass over nothing that a slow writer commits between them, and show what is on the last one', async () => {
    await append(events, 'before');
    const gate = await closeGate();
    const slow = append(events, 'slow', 'account.held');
    await gate.reached(1);
    for (const fast of ['fast', 'faster']) await append(events, fast);

    const whole = await events.query({ limit: 6 });
    expect([positionsOf(whole), whole.nextCursor]).toEqual([[1, 2, 5, 6, 7, 8], undefined]);
    const first = await events.query({ limit: 3 });
    expect(positionsOf(first)).toEqual([1, 2]);
    const second = await events.query({ limit: 3, cursor: first.nextCursor });
    expect(second).toEqual({ events: [], nextCursor: first.nextCursor });
    await expect(pagesFrom({ order: 'newest', limit: 4 })).resolves.toEqual([8, 7, 6, 5, 2, 1]);
    // Another store, which has not looked at what is settled yet.
    const other = await stores.openEvents();
    expect(positionsOf(await other.query({ limit: 1 }))).toEqual([1]);
    expect(positionsOf(await other.query({ limit: 1, aggregateId: 'fast' }))).toEqual([]);

    await gate.open();
    await slow;
    await expect(pagesFrom({ limit: 3, cursor: second.nextCursor })).resolves.toEqual([3, 4, 5, 6, 7, 8]);
    expect(positionsOf(await other.query({ limit: 1, aggregateId: 'fast' }))).toEqual([5]);
  });

  test('hold up nobody where positions were lost', async () => {
    const gate = await closeGate();
    const lost = append(events, 'lost', 'account.held');
    await gate.reached(1);
    await append(events, 'fast');
    await gate.cancelAppend();
    await expect(lost).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(pagesFrom({ limit: 1 })).resolves.toEqual([3, 4]);
  });
});

describe('The pages of what a consumer has yet to process', () => {
  test('pass over nothing that a slow writer commits between them', async () => {
    await using store = await stores.open();
    const { consumers: kept, readModels } = store;
    const consumers = new Consumers({ events: store.events, store: kept, readModels });
    await consumers.open('late');
    await append(events, 'before');
    const gate = await closeGate();
    const slow = append(events, 'slow', 'account.held');
    await gate.reached(1);
    for (const fast of ['fast', 'faster']) await append(events, fast);
    const find = (limit: number, cursor?: string): Promise<EventPage> =>
      consumers.find('late', { isProcessed: false, limit, cursor });
    const positionsOf = ({ events: found }: EventPage): number[] => found.map(({ position }) => position);

    const whole = await find(6);
    expect([positionsOf(whole), whole.nextCursor]).toEqual([[1, 2, 5, 6, 7, 8], undefined]);
    const first = await find(5);
    expect(positionsOf(first)).toEqual([1, 2]);
    const second = await find(1, first.nextCursor);
    expect(second).toEqual({ events: [], nextCursor: first.nextCursor });
    await gate.open();
    await slow;
    const third = await find(5, second.nextCursor);
    expect(positionsOf(third)).toEqual([3, 4, 5, 6, 7]);
    expect(positionsOf(await find(5, third.nextCursor))).toEqual([8]);
  });
});

describe('The order of the feed', () => {
  test('hides what was committed later than positions still open, and shows all once they are settled', async () => {
    const before = await append(events, 'before');
    const gate = await closeGate();
    const slow = append(events, 'slow', 'account.held');
    await gate.reached(1);
    const fast = await append(events, 'fast');

    expect(await idsInFeed()).toEqual(['before', 'before']);
    expect(await events.settledPosition()).toBe(before.lastPosition);
    const page = await events.readFeedPage();
    expect(page).toMatchObject({ throughPosition: before.lastPosition, isLast: true });

    await gate.open();
    const { lastPosition, positions } = await slow;
    expect(positions).toEqual([before.lastPosition + 1, before.lastPosition + 2]);
    expect(fast.positions).toEqual([lastPosition + 1, lastPosition + 2]);
    expect(await idsInFeed()).toEqual(['before', 'before', 'slow', 'slow', 'fast', 'fast']);
    expect(await events.settledPosition()).toBe(fast.lastPosition);
  });

  test('hides them from every page size and every filter', async () => {
    await append(events, 'before');
    const gate = await closeGate();
    const slow = append(events, 'slow', 'account.held');
    await gate.reached(1);
    for (let index = 0; index < 5; index++) await append(events, `fast-${index}`);

    for (const batchSize of [1, 2, 3, 1_000]) {
      expect(await idsInFeed({ batchSize })).toEqual(['before', 'before']);
      expect(await idsInFeed({ batchSize, types: ['account.deposited'] })).toEqual(['before', 'before']);
      expect(await idsInFeed({ batchSize, toPosition: 1_000_000 })).toEqual(['before', 'before']);
    }

    await gate.open();
    await slow;
    expect(await idsInFeed()).toHaveLength(14);
  });

  test('waits for the slowest of several writers, and for no other', async () => {
    const first = await closeGate();
    // Each through a store of its own, because appends of one store share a call.
    const other = await stores.openEvents();
    const slow = [append(events, 'slow-1', 'account.held'), append(other, 'slow-2', 'account.held')];
    await first.reached(2);
    await append(events, 'fast');
    expect(await idsInFeed()).toEqual([]);

    await first.open();
    await Promise.all(slow);

    expect((await idsInFeed()).sort()).toEqual(['fast', 'fast', 'slow-1', 'slow-1', 'slow-2', 'slow-2']);
    const positions = (await collect(events.readFeed())).map(event => event.position);
    expect(positions).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('leaves a gap where an append was rolled back, which delays nobody', async () => {
    const gate = await closeGate();
    const lost = append(events, 'lost', 'account.held');
    await gate.reached(1);
    await append(events, 'fast');
    expect(await idsInFeed()).toEqual([]);

    await gate.cancelAppend();
    await expect(lost).rejects.toMatchObject({
      code: 'store-unavailable',
      cause: { code: '57014' },
    });

    expect(await idsInFeed()).toEqual(['fast', 'fast']);
    expect((await collect(events.readFeed())).map(event => event.position)).toEqual([3, 4]);
    expect(await events.settledPosition()).toBe(4);
    expect(await events.streamVersion({ aggregateType: 'account', aggregateId: 'lost' })).toBe(0);
  });

  test('goes on when the very first append is rolled back, and when thousands of positions are lost', async () => {
    const gate = await closeGate();
    const lost = append(events, 'lost', 'account.held');
    await gate.reached(1);
    await gate.cancelAppend();
    await expect(lost).rejects.toMatchObject({
      code: 'store-unavailable',
      cause: { code: '57014' },
    });
    expect(await events.readFeedPage()).toEqual({ events: [], throughPosition: 0, isLast: true });

    const sql = `select count(nextval('${stores.schema}.event_positions')) from generate_series(1, 5000)`;
    await stores.pool.query(sql);
    await append(events, 'next');

    for (const batchSize of [1, 100, 10_000])
      expect(await idsInFeed({ batchSize })).toEqual(['next', 'next']);
    expect(await events.settledPosition()).toBe(5_004);
  });

  test('does not wait for transactions that write no events', async () => {
    const idle = await connect(stores.url);
    await idle.query('begin isolation level serializable');
    await idle.query(`create table ${stores.schema}.other (id int)`);
    await idle.query(`select pg_advisory_xact_lock(1), pg_advisory_xact_lock_shared(2), txid_current()`);
    await idle.query(`select count(*) from ${stores.schema}.events`);

    await append(events, 'fast');
    expect(await idsInFeed()).toEqual(['fast', 'fast']);
    await idle.query('rollback');
  });

  test('does not wait for writers of another database or schema', async () => {
    for (const other of [await openHoldingStores(), await openHoldingStores({ ownDatabase: true })]) {
      const gate = await closeGate(other);
      const slow = append(await other.openEvents(), 'elsewhere', 'account.held');
      await gate.reached(1);

      const { lastPosition } = await append(events, 'fast');
      expect(await events.settledPosition()).toBe(lastPosition);

      await gate.open();
      await slow;
    }
    expect(await idsInFeed()).toEqual(['fast', 'fast', 'fast', 'fast']);
  });

  test('keeps what was settled when two looks overtake each other', async () => {
    const { lastPosition } = await append(events, 'before');
    const looks = await Promise.all(Array.from({ length: 20 }, () => events.settledPosition()));
    expect(looks).toEqual(looks.map(() => lastPosition));
  });
});

/* Two events of one stream. */
async function append(store: EventStore, aggregateId: string, type?: string): Promise<AppendResult> {
  const [first, second] = deposits(2);
  const stream = { aggregateType: 'account', aggregateId };
  const held = type === undefined ? second! : deposited(2, { type });
  return store.append({ stream, expectedVersion: 'any', events: [first!, held] });
}

async function idsInFeed(options: Parameters<EventStore['readFeed']>[0] = {}): Promise<string[]> {
  const read = (await collect(events.readFeed(options))).map(event => event.aggregateId);
  const page = await events.readFeedPage({ ...options, batchSize: 10_000 });
  expect(page.events.map(plain).map(event => event.aggregateId)).toEqual(read);
  return read;
}

async function openHoldingStores(options?: { ownDatabase?: boolean }): Promise<PostgresStores> {
  const holding = await postgresStores(options);
  opened.push(holding);
  await holding.open();
  const { schema, pool } = holding;
  await pool.query(`
    create function ${schema}.hold() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared('${schema}.events'::regclass::int, 0);
      return new;
    end $$;
    create trigger hold before insert on ${schema}.events
      for each row when (new.event_type = 'account.held') execute function ${schema}.hold();`);
  return holding;
}

interface Gate {
  /** Waits until so many appends stand before the gate. */
  reached(count: number): Promise<void>;
  open(): Promise<void>;
  /** Makes the one append that stands before the gate fail, and waits until its transaction has ended. */
  cancelAppend(): Promise<void>;
}

/* From now on appends of `account.held` wait. */
async function closeGate({ url, schema }: PostgresStores = stores): Promise<Gate> {
  const client = await connect(url);
  await client.query(`select pg_advisory_lock('${schema}.events'::regclass::int, 0)`);
  const waiting = async (): Promise<number[]> => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and not granted and objsubid = 2
         and classid = '${schema}.events'::regclass and database = (select oid from pg_database
           where datname = current_database())`,
    );
    return rows.map(row => row.pid);
  };
  return {
    async reached(count) {
      await eventually(`${count} appends wait`, async () => (await waiting()).length === count);
    },
    async open() {
      await client.query('select pg_advisory_unlock_all()');
    },
    async cancelAppend() {
      const [pid] = await waiting();
      await client.query('select pg_cancel_backend($1)', [pid]);
      // The server tells the error before it gives back the locks, and the announcement is one of them.
      await eventually('the append left no lock', async () => (await locksOf(client, pid)) === 0);
    },
  };
}

async function locksOf(client: pg.Client, pid: number | undefined): Promise<number> {
  const sql = "select count(*)::int as locks from pg_locks where locktype = 'advisory' and pid = $1";
  const { rows } = await client.query<{ locks: number }>(sql, [pid]);
  return rows[0]!.locks;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  gates.push(client);
  return client;
}
