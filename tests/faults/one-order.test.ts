import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { StreamAppend } from '../../src/application/ports/event-store.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { administer, postgresStores, postgresUrl, randomSchema, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import type { ReaderKind } from './support/messages.ts';
import { announcesAfterDrawing, locksAfterDrawing, trustsMaxPosition } from './support/mutants.ts';
import type { Mutant } from './support/mutants.ts';
import { OneOrderRuns } from './support/one-order-run.ts';
import type { RunResult } from './support/one-order-run.ts';
import { faultSeconds, seedOfRun } from './support/random.ts';
import { appendOn } from './support/raw-append.ts';

const seed = seedOfRun();
const seconds = faultSeconds(3, 60);

let runs: OneOrderRuns;
let readerKinds: readonly ReaderKind[] = ['pages', 'feed'];
const opened: PostgresStores[] = [];

beforeAll(async () => {
  console.log(`The faults of this run repeat with ANNALS_FAULT_SEED=${seed}.`);
  runs = await OneOrderRuns.start({ writers: 8, readers: 2 });
});

afterAll(async () => {
  await runs[Symbol.asyncDispose]();
  for (const stores of opened) await stores.close();
});

async function newStores(): Promise<PostgresStores> {
  const stores = await postgresStores();
  opened.push(stores);
  const events = await stores.openEvents();
  if ('subscribe' in events) readerKinds = ['pages', 'feed', 'subscription'];
  return stores;
}

describe('Every reader', () => {
  test(
    'sees every committed event exactly once and in order, whatever happens to the writers',
    async () => {
      const { url, schema } = await newStores();
      await using _held = await holdTransactions(url);
      const { violations, events, readings, kills } = await runs.run({
        ...{ url, schema, seed, seconds, readerKinds, maxThinkMs: 60, withKills: true },
      });
      console.log(`${events} events, ${readings.length} readers, ${kills} processes killed (seed ${seed})`);
      expect({ seed, violations }).toEqual({ seed, violations: [] });
      expect(events).toBeGreaterThan(100);
      expect(readings).toHaveLength(6);
      expect(kills).toBeGreaterThan(0);
    },
    (seconds + 60) * 1_000,
  );
});

describe('Dead positions', () => {
  test('delay nobody by more than a page, however many they are', async () => {
    const { url, schema, pool, openEvents } = await newStores();
    const events = await openEvents();
    for (const batchSize of [1, 100, 1_000]) {
      const afterPosition = await events.settledPosition();
      for (let round = 0; round < 5; round++) await rollBackAppend(pool, schema, 1_000);
      const { eventIds } = await events.append(opening());

      // Neither a reader that knows the store nor one that has just come needs a second look.
      const newcomer = await postgres(url, { schema }).open(testServices());
      for (const reader of [events, newcomer.events]) {
        const page = await reader.readFeedPage({ afterPosition, batchSize });
        expect(page.events.map(event => event.eventId)).toEqual(eventIds);
      }
      await newcomer[Symbol.asyncDispose]();
    }
  });
});

let accounts = 0;

function opening(count = 1): StreamAppend {
  const stream = { aggregateType: 'account', aggregateId: `acc-${++accounts}` };
  return { stream, expectedVersion: 'none', events: deposits(count) };
}

async function rollBackAppend(pool: pg.Pool, schema: string, events: number): Promise<void> {
  const client = await pool.connect();
  await client.query('begin');
  await appendOn(client, schema, [opening(events)]);
  await client.query('rollback');
  client.release();
}

describe('The suite notices', () => {
  /* Repeated a few times at most: each round shows the fault almost always. */
  async function runUntilNoticed(mutant: Mutant): Promise<RunResult> {
    for (let round = 0; ; round++) {
      const { url, schema, pool } = await newStores();
      await mutant(pool, schema);
      const options = { url, schema, seed: seed + round, seconds: 1, readerKinds, maxThinkMs: 60 };
      const result = await runs.run({ ...options, withKills: false });
      if (result.violations.length > 0 || round === 19) return result;
    }
  }

  const lost = expect.arrayContaining([expect.stringMatching(/events were lost by reader/)]);

  test('writers that announce after they have drawn positions', async () => {
    expect((await runUntilNoticed(announcesAfterDrawing)).violations).toEqual(lost);
  });

  test('writers that lock their announcement too late', async () => {
    expect((await runUntilNoticed(locksAfterDrawing)).violations).toEqual(lost);
  });

  test('readers that trust the highest position', async () => {
    expect((await runUntilNoticed(trustsMaxPosition)).violations).toEqual(lost);
  });
});

/* Unrelated transactions with an xid, here and in another database, open for the whole run. */
async function holdTransactions(url: string): Promise<AsyncDisposable> {
  const database = randomSchema();
  await administer(`create database ${database}`);
  const clients = [url, postgresUrl(database)].map(each => new pg.Client({ connectionString: each }));
  for (const client of clients) {
    await client.connect();
    await client.query('begin');
    await client.query('create temporary table unrelated on commit drop as select txid_current() as id');
    await client.query('select pg_advisory_xact_lock_shared(1), pg_advisory_xact_lock(2, 2)');
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.end();
      await administer(`drop database ${database} with (force)`);
    },
  };
}
