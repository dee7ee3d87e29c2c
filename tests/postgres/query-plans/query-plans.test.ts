import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import type {
  EventFilter,
  EventQuery,
  EventStore,
  ReadFeedOptions,
  ReadStreamOptions,
} from '../../../src/application/ports/event-store.ts';
import { writeCursor } from '../../../src/application/events/check-query.ts';
import { PgClient } from '../../../src/infrastructure/postgres/pg-client.ts';
import type { SqlClient } from '../../../src/infrastructure/postgres/sql-client.ts';
import { openSqlStore } from '../../../src/infrastructure/postgres/sql-store.ts';
import { silentLogger } from '../../../src/infrastructure/system/console-logger.ts';
import { collect } from '../../../src/infrastructure/testing/contract/expectations.ts';
import { postgresStores, testServices } from '../../support/stores.ts';
import type { PostgresStores } from '../../support/stores.ts';
import { fillLog, timeAt } from './fill-log.ts';
import { readPlan } from './read-plan.ts';
import type { PlanReading, SentStatement } from './read-plan.ts';

const eventCount = 1_000_000;
const sent: SentStatement[] = [];

let stores: PostgresStores;
let client: SqlClient;
let store: EventStore;
let session: pg.PoolClient;

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
  client = new PgClient(stores.pool, silentLogger);
  const opened = await openSqlStore(listening(client), testServices(), stores.schema);
  store = opened.events;
  await fillLog(stores.pool, eventCount);
  session = await stores.pool.connect();
  // A store that knows this asks no more than the page.
  await store.settledPosition();
});

afterAll(async () => {
  session.release();
  await stores.close();
});

/* What the store sends is explained as it is. */
function listening(inner: SqlClient): SqlClient {
  return {
    run: (statement, parameters = []) => {
      sent.push({ text: statement.text, parameters });
      return inner.run(statement, parameters);
    },
    runForObjects: (text, parameters) => inner.runForObjects(text, parameters),
    runScript: text => inner.runScript(text),
    copyOut: (text, parameters) => {
      sent.push({ text, parameters });
      return inner.copyOut(text, parameters);
    },
    transaction: work => inner.transaction(work),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const origin = '01900000-0000-7000-9000-00000001e240';
const cause = '01900000-0000-7000-8000-00000001e240';
const range = { since: timeAt(500_000), until: timeAt(600_000) };
interface Expectation {
  readonly query: EventQuery;
  /** What finds the positions. */
  readonly index: string;
  /** Rows that the scans may read for a page of 100; default 500: each is found, looked up and told its stream. */
  readonly rows?: number;
  /** Left to the planner's statistics of values, so that a plan for any value can be poor; the store sends none. */
  readonly isOnlyCustom?: boolean;
}

const kinds = Array.from({ length: 18 }, (_type, index) => `account.kind_${index}`);

const expectations: Readonly<Record<string, Expectation>> = {
  'nothing asked': { query: {}, index: 'events_pkey' },
  'one type': { query: { types: ['account.kind_3'] }, index: 'events_by_type' },
  'a rare type': { query: { types: ['account.closed'] }, index: 'events_by_type' },
  'an old type': { query: { types: ['account.migrated'] }, index: 'events_by_type' },
  'all types': { query: { types: kinds }, index: 'events_by_type', rows: 2_500 },
  'old, rare and unknown types': {
    query: { types: ['account.migrated', 'account.closed', 'account.unknown'] },
    ...{ index: 'events_by_type', rows: 600 },
  },
  'an aggregate type': {
    query: { aggregateTypes: ['order'] },
    ...{ index: 'events_pkey', rows: 4_000, isOnlyCustom: true },
  },
  'an old aggregate type': {
    query: { aggregateTypes: ['legacy'] },
    ...{ index: 'streams_by_type', rows: 2_500, isOnlyCustom: true },
  },
  'an unknown aggregate type': {
    query: { aggregateTypes: ['unknown'] },
    ...{ index: 'streams_by_type', isOnlyCustom: true },
  },
  'an aggregate type and a type': {
    query: { aggregateTypes: ['order'], types: ['account.kind_3'] },
    ...{ index: 'events_by_type', rows: 4_000 },
  },
  'an aggregate id': { query: { aggregateId: 'id-777' }, index: 'events_by_stream' },
  'the id of a long stream': { query: { aggregateId: 'id-21' }, index: 'events_by_stream' },
  'the type and id of a long stream': {
    query: { aggregateId: 'id-21', aggregateTypes: ['counter'] },
    index: 'events_by_stream',
  },
  'a long stream and types': {
    query: { aggregateId: 'id-21', types: ['account.kind_3', 'account.kind_4'] },
    ...{ index: 'events_by_stream', rows: 3_000 },
  },
  'a correlation': { query: { correlationId: origin }, index: 'events_by_correlation' },
  'a cause': { query: { causationId: cause }, index: 'events_by_causation' },
  'a busy user, recent for one': { query: { userId: 'user-0' }, index: 'events_by_user' },
  'a quiet user': { query: { userId: 'user-190' }, index: 'events_by_user' },
  'a user long ago': { query: { userId: 'user-old' }, index: 'events_by_user' },
  'a user and a type': {
    query: { userId: 'user-20', types: ['account.kind_3'] },
    ...{ index: 'events_by_user', rows: 4_000 },
  },
  'the system': { query: { actor: 'system' }, index: 'events_pkey', rows: 2_500 },
  'a user as actor': { query: { actor: 'user:user-20' }, index: 'events_by_user', rows: 1_000 },
  'an agent': { query: { actor: 'agent:nightly' }, index: 'events_by_actor' },
  'an agent long ago': { query: { actor: 'agent:import' }, index: 'events_by_actor' },
  'a time range': { query: range, index: 'events_pkey' },
  'a time long ago': { query: { until: timeAt(2_000) }, index: 'events_pkey' },
  'a time to come': { query: { since: timeAt(2_000_000) }, index: 'events_pkey' },
  'a type in a time range': { query: { types: ['account.kind_3'], ...range }, index: 'events_by_type' },
  'types in a time range': {
    query: { types: ['account.kind_3', 'account.kind_4'], ...range },
    ...{ index: 'events_by_type', rows: 600 },
  },
  'an aggregate in a time range': { query: { aggregateId: 'id-21', ...range }, index: 'events_by_stream' },
  'a user in a time range': { query: { userId: 'user-0', ...range }, index: 'events_by_user' },
};

const orders = ['oldest', 'newest'] as const;

describe('Queries over a million events', () => {
  const cases = Object.entries(expectations).flatMap(([name, expectation]) =>
    orders.map(order => ({ name, order, ...expectation })),
  );

  test.each(cases)('read an index and stop with the page: $name, $order first', async facts => {
    await checkPlans(() => store.query({ ...facts.query, order: facts.order }), facts);
  });

  test.each(cases)('read no more for a page in the middle: $name, $order first', async facts => {
    const query = { ...facts.query, order: facts.order };
    await checkPlans(() => store.query({ ...query, cursor: writeCursor(query, 500_500) }), facts);
  });

  test('find events whose time is out of line with their position', async () => {
    const late = { since: timeAt(303_590), until: timeAt(303_615) };
    const found = async (query: EventQuery): Promise<number[]> =>
      (await store.query({ limit: 1_000, ...query })).events.map(event => event.position);
    expect(await found(late)).toContain(300_000);
    expect(await found({ since: timeAt(696_390), until: timeAt(696_415) })).toContain(700_000);
    expect((await found({ ...late, order: 'newest' })).at(-1)).toBe(300_000);
    expect((await found({ until: timeAt(696_405), order: 'newest' }))[0]).toBe(700_000);
  });
});

const pages: Readonly<Record<string, { options: ReadFeedOptions; index: string; rows: number }>> = {
  'all events': { options: {}, index: 'events_pkey', rows: 2_500 },
  'from the middle': { options: { afterPosition: 500_500 }, index: 'events_pkey', rows: 2_500 },
  'few events': { options: { batchSize: 100 }, index: 'events_pkey', rows: 200 },
  // As every twentieth is of this type, the planner may as well read the others on its way.
  'a type': { options: { types: ['account.kind_3'] }, index: 'events_pkey', rows: 16_000 },
  'a rare type': { options: { types: ['account.closed'] }, index: 'events_by_type', rows: 2_500 },
  'an old type': { options: { types: ['account.migrated'] }, index: 'events_by_type', rows: 2_500 },
  'all types': { options: { types: kinds }, index: 'events_pkey', rows: 3_000 },
  'an aggregate type': { options: { aggregateTypes: ['order'] }, index: 'events_pkey', rows: 33_000 },
};

describe('Pages of the feed over a million events', () => {
  test.each(Object.entries(pages))('read an index and stop with the page: %s', async (_name, facts) => {
    const plan = { ...facts, isOnlyCustom: true };
    await checkPlans(() => store.readFeedPage({ batchSize: 1_000, ...facts.options }), plan);
  });
});

const longStream = { aggregateType: 'counter', aggregateId: 'id-21' };
const reads: Readonly<Record<string, { options: ReadStreamOptions; rows: number }>> = {
  'first events': { options: { limit: 10 }, rows: 50 },
  'last events': { options: { direction: 'backwards', limit: 10 }, rows: 50 },
  'events from the middle': { options: { fromVersion: 1_000, limit: 10 }, rows: 50 },
  'events before the middle': { options: { direction: 'backwards', toVersion: 1_000, limit: 10 }, rows: 50 },
  'all events': { options: {}, rows: 1_100 },
  'all events, backwards': { options: { direction: 'backwards' }, rows: 1_100 },
};

describe('Reads of a long stream', () => {
  test.each(Object.entries(reads))('read no more than their pages: %s', async (_name, { options, rows }) => {
    const read = async (): Promise<void> => {
      const events = await collect(store.readStream(longStream, options));
      expect(events.length).toBeGreaterThanOrEqual(options.limit ?? 2_000);
    };
    await checkPlans(read, { index: 'events_by_stream', rows });
  });
});

const counts: Readonly<Record<string, { filter: EventFilter; index: string }>> = {
  'one type': { filter: { types: ['account.kind_3'] }, index: 'events_by_type' },
  'a user': { filter: { userId: 'user-190' }, index: 'events_by_user' },
  'a user as actor': { filter: { actor: 'user:user-190' }, index: 'events_by_user' },
  'an agent': { filter: { actor: 'agent:nightly' }, index: 'events_by_actor' },
  'a correlation': { filter: { correlationId: origin }, index: 'events_by_correlation' },
  'an aggregate': { filter: { aggregateId: 'id-777' }, index: 'events_by_stream' },
  'a day': { filter: { since: timeAt(500_000), until: timeAt(510_000) }, index: 'events_pkey' },
};

describe('Counts over a million events', () => {
  test.each(Object.entries(counts))(
    'read what they count by an index: %s',
    async (_name, { filter, index }) => {
      const count = await store.countByType(filter);
      const total = Object.values(count).reduce((sum, of) => sum + of, 0);
      await checkPlans(() => store.countByType(filter), { index, rows: total + 1_000, isOnlyCustom: true });
    },
  );
});

/* The blocks that the look-up of a time range may read: some ranges of 128 blocks that hold events out of line. */
const timeBlocks = 1_000;

async function checkPlans(
  ask: () => Promise<unknown>,
  { index, rows = 500, isOnlyCustom = false }: Omit<Expectation, 'query'>,
): Promise<void> {
  sent.length = 0;
  await ask();
  const statements = [...sent];
  for (const mode of isOnlyCustom ? (['custom'] as const) : (['custom', 'generic'] as const)) {
    for (const statement of statements) {
      const plan = await readPlan(session, statement, mode);
      if (statement.text.includes('positions_between')) expect(plan.blocks).toBeLessThan(timeBlocks);
      else checkBounded(plan, index, rows);
    }
  }
}

/* A row costs the block it is in, and up to three on the way to it. */
function checkBounded(plan: PlanReading, index: string, rows: number): void {
  const story = `${plan.nodes.join('\n')}\n${plan.blocks} blocks`;
  const seen = {
    wholeTables: plan.wholeTables,
    usesIndex: plan.indexes.includes(index),
    ...{
      readsMore: plan.rowsRead > rows,
      sortsMore: plan.rowsSorted > rows,
      takesMore: plan.blocks > rows * 4,
    },
  };
  const wanted = { wholeTables: [], usesIndex: true, readsMore: false, sortsMore: false, takesMore: false };
  expect({ story, ...seen }).toEqual({ story, ...wanted });
}
