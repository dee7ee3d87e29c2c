import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { Consumers } from '../../src/application/consumers/consumers.ts';
import type { Delivery } from '../../src/application/ports/consumer-store.ts';
import type { Store } from '../../src/application/ports/store.ts';
import { deliveriesAt } from '../../src/infrastructure/postgres/delivery-rows.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import type { SqlClient, SqlRunner } from '../../src/infrastructure/postgres/sql-client.ts';
import { SqlConsumerStore } from '../../src/infrastructure/postgres/sql-consumer-store.ts';
import { Statements } from '../../src/infrastructure/postgres/statements.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import { readPlan } from './query-plans/read-plan.ts';

let stores: PostgresStores;
let one: Store;
let other: Store;
let gate: pg.Client;
let consumer: string;
let count = 0;

beforeAll(async () => {
  stores = await postgresStores();
  [one, other] = [await stores.open(), await stores.open()];
  gate = new pg.Client({ connectionString: stores.url });
  await gate.connect();
});

beforeEach(() => {
  consumer = `consumer-${++count}`;
});

afterEach(async () => {
  await gate.query('select pg_advisory_unlock_all()');
});

afterAll(async () => {
  await gate.end();
  for (const store of [one, other]) await store[Symbol.asyncDispose]();
  await stores.close();
});

const consumersOf = ({ events, consumers: store, readModels }: Store): Consumers =>
  new Consumers({ events, store, readModels });
const labels = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ event }) => `${event.aggregateId}${event.version}`);

async function append(store: Store, aggregateId: string, type = 'order.placed', events = 1): Promise<void> {
  const stream = { aggregateType: consumer, aggregateId };
  const placed = Array.from({ length: events }, () => ({ type, payload: {} }));
  await store.events.append({ stream, expectedVersion: 'any', events: placed });
}

/* A promise, and what fulfils it. */
function promise(): [() => void, Promise<void>] {
  let fulfil = (): void => undefined;
  const promised = new Promise<void>(resolve => (fulfil = resolve));
  return [() => fulfil(), promised];
}

async function waitsForConsumer(): Promise<void> {
  await eventually('a worker waits for the consumer', async () => {
    const { rows } = await gate.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%${stores.schema}.consumers%for update%'`,
    );
    return rows.length === 1;
  });
}

describe('A worker on PostgreSQL', () => {
  test('waits for another that is being handed the same event, and gets the next one', async () => {
    await append(one, 'a');
    await append(one, 'b');
    const options = { aggregateTypes: [consumer], limit: 1 };
    await consumersOf(one).open(consumer, { aggregateTypes: [consumer] });
    const [leased, isAtCommit] = promise();
    const [release, mayCommit] = promise();
    const first = one.consumers.change(consumer, undefined, async transaction => {
      const page = await one.events.readFeedPage({ aggregateTypes: [consumer] });
      await transaction.readOn(page.throughPosition, page.events);
      const [due] = await transaction.due(1);
      const dueAt = new Date(transaction.now.getTime() + 3_600_000);
      await transaction.save([{ ...due!, status: 'leased', attempts: 1, lease: 'first', dueAt }]);
      leased();
      await mayCommit;
    });
    await isAtCommit;
    const second = consumersOf(other).pull(consumer, options);
    await waitsForConsumer();
    release();
    await first;
    expect(labels(await second)).toEqual(['b1']);
  });

  test('reads a page once that two have read at the same time', async () => {
    await append(one, 'a', 'order.placed', 3);
    await consumersOf(one).open(consumer, { aggregateTypes: [consumer] });
    const page = await one.events.readFeedPage({ aggregateTypes: [consumer] });
    const slow = new Consumers({
      ...{ store: other.consumers, readModels: other.readModels },
      events: Object.assign(Object.create(other.events) as typeof other.events, {
        // What it has read is old by the time it comes back.
        readFeedPage: async () => {
          await consumersOf(one).pull(consumer, { leaseMs: 3_600_000 });
          return page;
        },
      }),
    });
    expect(labels(await slow.pull(consumer))).toEqual([]);
    const { open, readPosition } = await consumersOf(one).state(consumer);
    expect(open).toMatchObject({ leased: 1, waiting: 2 });
    expect(readPosition).toBeGreaterThanOrEqual(page.throughPosition);
  });

  test('is not handed what was committed after a position that is still open, before that is settled', async () => {
    const { schema, pool } = stores;
    await pool.query(`
      create function ${schema}.hold() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared('${schema}.events'::regclass::int, 0);
        return new;
      end $$;
      create trigger hold before insert on ${schema}.events
        for each row when (new.event_type = 'order.held') execute function ${schema}.hold();`);
    await gate.query(`select pg_advisory_lock('${schema}.events'::regclass::int, 0)`);
    const slow = append(one, 'slow', 'order.held');
    await eventually('the append stands before the gate', async () => {
      const { rows } = await gate.query(
        `select from pg_locks where locktype = 'advisory' and not granted and classid = '${schema}.events'::regclass`,
      );
      return rows.length === 1;
    });
    await append(other, 'fast');
    const consumers = consumersOf(other);
    expect(labels(await consumers.pull(consumer, { aggregateTypes: [consumer] }))).toEqual([]);
    await gate.query('select pg_advisory_unlock_all()');
    await slow;
    expect(labels(await consumers.pull(consumer))).toEqual(['slow1', 'fast1']);
  });

  test('is handed again what a dead one held, by the time of the server', async () => {
    await append(one, 'a');
    const pulled = await consumersOf(one).pull(consumer, { aggregateTypes: [consumer], leaseMs: 3_600_000 });
    expect(await consumersOf(other).pull(consumer)).toEqual([]);
    await stores.pool.query(
      `update ${stores.schema}.deliveries set due_at = clock_timestamp() where consumer = $1`,
      [consumer],
    );
    const [again] = await consumersOf(other).pull(consumer);
    expect(again).toMatchObject({ attempts: 2, event: { eventId: pulled[0]!.event.eventId } });
  });
});

describe('A consumer with a long history', () => {
  test('finds one event without reading what is done', async () => {
    const { schema, pool } = stores;
    await append(one, 'a', 'order.placed', 3);
    await consumersOf(one).pull(consumer, { aggregateTypes: [consumer] });
    await pool.query(
      `insert into ${schema}.deliveries (consumer, position, stream_ref, status, is_first, closed_at)
       select $1, 1000000 + n, n % 1000, 'processed', true, now() from generate_series(1, 100000) n`,
      [consumer],
    );
    const text = new Statements(schema).inSchema(deliveriesAt);
    const session = await pool.connect();
    try {
      for (const mode of ['custom', 'generic'] as const) {
        const plan = await readPlan(session, { text, parameters: [consumer, '{1}'] }, mode);
        expect(plan).toMatchObject({ wholeTables: [], indexes: expect.arrayContaining(['deliveries_pkey']) });
        expect(plan.blocks).toBeLessThan(60);
      }
    } finally {
      session.release();
    }
  });
});

/*
 * Events of a past that nobody has read, and their deliveries: each aggregate has one that is done, one that is the
 * first, of these statuses, and four behind it.
 */
const pastEvents = `
  insert into annals.events (
    position, stream_ref, version, schema_version, event_id, recorded_at, event_type, actor, payload, metadata
  )
  select -n, -(n / 6), 6 - n % 6, 1, gen_random_uuid(), now(), 'order.placed', 'system', '{}', '{}'
  from generate_series(1, $1::int) n`;
const pastStreams = `
  insert into annals.streams (stream_ref, aggregate_type, aggregate_id, version, recorded_at)
  overriding system value
  select stream_ref, 'past', $1 || stream_ref, max(version), now() from annals.events where stream_ref < 0
  group by stream_ref`;
const backlog = `
  insert into annals.deliveries (consumer, position, stream_ref, status, is_first, due_at, closed_at)
  select $1, e.position, e.stream_ref,
    case e.version
      when 1 then 'processed' when 2 then ($3::text[])[1 - e.stream_ref % cardinality($3::text[])] else 'waiting'
    end,
    e.version <= 2, case when e.version = 2 then $4::timestamptz else to_timestamp(0) end,
    case when e.version = 1 then now() end
  from annals.events e
  where e.position between -$2::bigint and -1`;

const countBacklog = `
  update annals.consumers set open_count = (
    select count(*) from annals.deliveries where consumer = $1 and closed_at is null
  )
  where name = $1`;

/* Adds up the blocks that each statement reads, by running it twice and taking the first time back. */
class CountedBlocks {
  blocks = 0;
  statements = 0;

  of(inner: SqlClient): SqlClient {
    return {
      ...this.#runner(inner, ''),
      copyOut: (query, parameters) => inner.copyOut(query, parameters),
      transaction: work => inner.transaction(runner => work(this.#runner(runner, 'savepoint tried'))),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  #runner(inner: SqlRunner, savepoint: string): SqlRunner {
    return {
      run: async (statement, parameters = []) => {
        if (savepoint !== '') await inner.runScript(savepoint);
        const text = `explain (analyze, buffers, timing off, format json) ${statement.text}`;
        const [row] = await inner.run({ text }, parameters);
        if (savepoint !== '') await inner.runScript(`rollback to ${savepoint}`);
        const [{ Plan: plan }] = JSON.parse(row![0]!) as [{ Plan: Record<string, number> }];
        this.blocks += plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
        this.statements++;
        return inner.run(statement, parameters);
      },
      runForObjects: (text, parameters) => inner.runForObjects(text, parameters),
      runScript: text => inner.runScript(text),
    };
  }
}

describe('A pull', () => {
  const inSchema = (text: string): string => text.replaceAll('annals.', `${stores.schema}.`);

  beforeAll(async () => {
    await stores.pool.query(inSchema(pastEvents), [120_000]);
    await stores.pool.query(inSchema(pastStreams), ['past']);
  });

  test.each([
    ['handed out, and not due', ['leased', 'retrying', 'parked'], 'infinity'],
    ['due, handed out before or not', ['leased', 'retrying', 'parked', 'waiting'], '2020-01-01Z'],
  ])('costs the same however much is open: %s', async (_name, statuses, dueAt) => {
    const { schema, pool } = stores;
    const cost = async (deliveries: number): Promise<number> => {
      consumer = `consumer-${++count}`;
      for (const id of ['a', 'b', 'c']) await append(one, id);
      await consumersOf(one).open(consumer, { aggregateTypes: [consumer] });
      await pool.query(inSchema(backlog), [consumer, deliveries, statuses, dueAt]);
      await pool.query(inSchema(countBacklog), [consumer]);
      await pool.query(`vacuum (analyze) ${schema}.deliveries`);
      const counted = new CountedBlocks();
      const client = counted.of(new PgClient(pool, silentLogger));
      const store = new SqlConsumerStore(client, new Statements(schema));
      const pulled = await new Consumers({ ...one, store }).pull(consumer, { limit: 10 });
      expect(pulled.length).toBeGreaterThan(0);
      expect(counted.statements).toBeGreaterThan(3);
      return counted.blocks;
    };
    const few = await cost(600);
    // Five of six are open: 90,000, a little less than there may be.
    expect(await cost(108_000)).toBeLessThan(2 * few + 50);
  });
});
