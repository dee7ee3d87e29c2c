import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { EventHandler, On, Projector } from 'annals';
import type { ProjectionId, ReadModelStore } from 'annals';
import { createApp, defineModule, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import type { WakeUpOptions } from '../../src/infrastructure/postgres/sql-event-store.ts';
import { AccountOpened, Balances, Deposit, OpenAccount, bankModule } from '../support/bank.ts';
import { addBuild } from '../support/add-build.ts';
import { eventually } from '../support/eventually.ts';
import { listingQueries } from '../support/listed-queries.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

// With this pause polling explains nothing.
const never = 3_600_000;
// A wait that was not told is announced again after ten seconds; with this patience that explains nothing either.
const soonMs = 9_000;

let stores: PostgresStores;
const opened: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  // Of its own, because connections are cut here.
  stores = await postgresStores({ ownDatabase: true });
  await stores.open();
});

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

afterAll(async () => stores.close());

/** A store with connections of its own, like that of another process, and what it asks the server. */
interface Process {
  readonly readModels: ReadModelStore;
  readonly queries: string[];
}

async function open(options: WakeUpOptions = {}): Promise<Process> {
  const queries: string[] = [];
  const client = listingQueries(new PgClient(stores.url, silentLogger), queries);
  const store = await openSqlStore(client, testServices(), stores.schema, { pollMs: never, ...options });
  opened.push(async () => store[Symbol.asyncDispose]());
  return { readModels: store.readModels, queries };
}

let projections = 0;

async function newProjection({ readModels }: Process, shards = 1): Promise<ProjectionId> {
  return addBuild(readModels, `p${++projections}`, { shards });
}

function move(
  { readModels }: Process,
  projection: ProjectionId,
  { from, to, shard = 0 }: { from: number; to: number; shard?: number },
): Promise<void> {
  const claimed = { ...projection, shard, epoch: 0 };
  return readModels.transaction(async transaction =>
    transaction.moveCheckpoint(claimed, { from, to, eventsPerSecond: 0 }),
  );
}

/* Waits in the background, and counts how often it is woken. */
function expected({ readModels }: Process, projection: ProjectionId, position: number): { woken: number } {
  const seen = { woken: 0 };
  opened.push(async () => end());
  const end = readModels.expectCheckpoint(projection, position, () => seen.woken++);
  return seen;
}

function notified({ queries }: Process): number {
  return queries.filter(query => query.includes('unnest($2::text[]) as told')).length;
}

/* The channels that backends of this schema listen to, as far as their last statement says. */
async function listeners(): Promise<number> {
  const { rows } = await stores.pool.query(
    `select 1 from pg_stat_activity where application_name like '% listen' and query like '%listen %' || $1`,
    [stores.schema],
  );
  return rows.length;
}

describe('A process that waits for a checkpoint', () => {
  test('is woken by the process that moves it, and by nothing else', async () => {
    const [mover, waiter] = [await open(), await open()];
    const projection = await newProjection(mover);
    const other = await newProjection(mover);
    await move(mover, projection, { from: 0, to: 1 });
    const wait = expected(waiter, projection, 10);
    await eventually('it is announced', async () => notified(waiter) > 0);
    // Listening itself is a reason to look once.
    const woken = wait.woken;
    await move(mover, projection, { from: 1, to: 9 });
    await move(mover, other, { from: 0, to: 50 });
    const probe = expected(waiter, other, 50);
    await eventually('another wait is answered', async () => probe.woken > 0, soonMs);
    expect(wait.woken).toBe(woken);
    await move(mover, projection, { from: 9, to: 10 });
    await eventually('it is woken', async () => wait.woken > woken, soonMs);
  });

  test('is told by a process that had passed the position before it heard of the wait', async () => {
    const [mover, waiter] = [await open(), await open()];
    const projection = await newProjection(mover);
    await move(mover, projection, { from: 0, to: 20 });
    // So that the waiter's listening does not explain it.
    const first = expected(waiter, projection, 999);
    await eventually('the waiter listens', async () => first.woken > 0);
    await eventually('the mover listens', async () => (await listeners()) === 2);
    const wait = expected(waiter, projection, 20);
    await eventually('it is told', async () => wait.woken > 0, soonMs);
  });

  test('is told of every shard that passes the position', async () => {
    const [one, two, waiter] = [await open(), await open(), await open()];
    const projection = await newProjection(one, 2);
    const wait = expected(waiter, projection, 10);
    await move(one, projection, { from: 0, to: 11 });
    await eventually('it is told by one', async () => wait.woken > 1, soonMs);
    const woken = wait.woken;
    await move(two, projection, { from: 0, to: 10, shard: 1 });
    await eventually('it is told by the other', async () => wait.woken > woken, soonMs);
  });

  test('looks again after its connection was cut', async () => {
    const [mover, waiter] = [await open(), await open()];
    const projection = await newProjection(mover);
    const wait = expected(waiter, projection, 10);
    await eventually('it listens', async () => wait.woken > 0);
    const woken = wait.woken;
    await stores.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name like '% listen' and query like '%listen %' || $1`,
      [stores.schema],
    );
    await eventually('it looks', async () => wait.woken > woken);
    await move(mover, projection, { from: 0, to: 10 });
    await eventually('it is told', async () => wait.woken > woken + 1, soonMs);
  });

  test('looks by itself now and then where signals get lost, also while others come and go', async () => {
    const [mover, deaf] = [await open(), await open({ usesNotify: false, pollMs: 40 })];
    const projection = await newProjection(mover);
    const wait = expected(deaf, projection, 10);
    await eventually('it looks again and again', async () => {
      deaf.readModels.expectCheckpoint(projection, 10, () => undefined)();
      return wait.woken >= 5;
    });
    expect(notified(deaf)).toBe(0);
  });
});

describe('A process that moves checkpoints', () => {
  test('tells nobody while nobody waits, and nobody who waits in its own process', async () => {
    const mover = await open();
    const projection = await newProjection(mover);
    await move(mover, projection, { from: 0, to: 1 });
    const wait = expected(mover, projection, 500);
    // That it listens now is told once.
    await eventually('it listens', async () => wait.woken > 0);
    mover.queries.splice(0);
    for (let from = 1; from < 500; from++) await move(mover, projection, { from, to: from + 1 });
    expect(wait.woken).toBeGreaterThan(0);
    // By whom it waits, in case that another process has the rest; not by each of the moves.
    expect(notified(mover)).toBeLessThan(100);
  });

  test('listens over the one connection that hears of commits', async () => {
    const app = await start({});
    await app.commands.dispatch(new OpenAccount('one', 'Ada'), { waitFor: [Balances] });
    await eventually('it listens', async () => (await listeners()) > 0);
    expect(await listeners()).toBe(1);
  });
});

let gate = Promise.resolve();
let reactedBy: string[] = [];

@Projector('gated')
class Gated extends EventHandler {
  @On(AccountOpened) async opened() {
    reactedBy.push('somebody');
    await gate;
  }
}

async function start(options: WakeUpOptions): Promise<App> {
  const app = await createApp({
    store: {
      open: services =>
        openSqlStore(new PgClient(stores.url, silentLogger), services, stores.schema, options),
    },
    modules: [bankModule, defineModule({ projectors: [Gated] })],
    logger: silentLogger,
  });
  opened.push(async () => app.stop());
  return app;
}

describe('An app that waits for what another node handles', () => {
  test('returns when that node has stored it', async () => {
    const owner = await start({ pollMs: never });
    await owner.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Gated] });
    // The owner holds the lease now, so the other never reacts.
    const other = await start({ pollMs: never });
    for (let round = 1; round <= 5; round++) {
      let openGate = (): void => undefined;
      gate = new Promise(resolve => (openGate = resolve));
      reactedBy = [];
      const wait = other.commands.dispatch(new OpenAccount(`a-${round}`, 'Ada'), { waitFor: [Gated] });
      await eventually('it is under way', async () => reactedBy.length > 0);
      openGate();
      await wait;
    }
    expect(reactedBy).toHaveLength(1);
  });

  test('is not held up by positions that were lost', async () => {
    const app = await start({ pollMs: 20 });
    await app.commands.dispatch(new OpenAccount('b', 'Ada'));
    const sequence = `${stores.schema}.event_positions`;
    const { rows } = await stores.pool.query<{ last: string }>(
      `select max(nextval('${sequence}')) as last from generate_series(1, 1000)`,
    );
    await app.projections.catchUp();
    await app.projections.waitFor(Balances, Number(rows[0]!.last));
    await app.projections.waitFor(Gated, Number(rows[0]!.last));
    await app.commands.dispatch(new Deposit('b', 1), { waitFor: [Balances] });
  });

  test('goes on waiting while the store is away', async () => {
    const app = await start({ pollMs: 20 });
    await app.commands.dispatch(new OpenAccount('c', 'Ada'), { waitFor: [Balances] });
    const position = await app.events.settledPosition();
    const wait = app.projections.waitFor(Balances, position + 1);
    for (let time = 0; time < 3; time++) {
      await stores.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
    }
    await app.commands.dispatch(new Deposit('c', 1));
    await wait;
  });
});
