import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, EventHandler, On, Projector } from 'annals';
import type { StreamAppend } from 'annals';
import { createApp, defineModule, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import pg from 'pg';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { AccountOpened, Balances, OpenAccount, bankModule } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { listingQueries } from '../support/listed-queries.ts';
import { RecordedTelemetry, useContextManager } from '../support/recorded-telemetry.ts';
import { postgresStores, randomSchema } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('copy')
class Copy extends DocumentProjector<{ owner: string }> {
  @On(AccountOpened) opened(_doc: unknown, { payload }: { payload: AccountOpened }) {
    return { owner: payload.owner };
  }
}

@Projector('stubborn', { onFailure: 'stop', attempts: 1 })
class Stubborn extends EventHandler {
  @On(AccountOpened) opened() {
    throw new TypeError('never');
  }
}

useContextManager();

let stores: PostgresStores;
let recorded: RecordedTelemetry;
const apps: App[] = [];
const queries: string[] = [];

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
});

beforeEach(async () => {
  recorded = await RecordedTelemetry.start();
  queries.length = 0;
});

afterAll(async () => {
  for (const app of apps) await app.stop();
  await stores.close();
});

async function start(modules = [bankModule]): Promise<{ app: App; schema: string }> {
  const schema = randomSchema();
  const app = await createApp({
    store: {
      open: services =>
        openSqlStore(listingQueries(new PgClient(stores.url, silentLogger), queries), services, schema),
    },
    modules,
    logger: silentLogger,
    telemetry: recorded.telemetry,
  });
  apps.push(app);
  return { app, schema };
}

function deposit(aggregateId: string): StreamAppend {
  const events = [{ type: 'account.deposited', payload: { amount: 1 } }];
  return { stream: { aggregateType: 'account', aggregateId }, expectedVersion: 'none', events };
}

describe('On PostgreSQL', () => {
  test('a call is a trace of its own that links to the appends that share it', async () => {
    const { app } = await start();
    await Promise.all(
      Array.from({ length: 40 }, (_value, index) => app.events.append(deposit(`a-${index}`))),
    );

    const appends = recorded.spans('append account');
    const calls = recorded.spans('append_events');
    const linked = calls.flatMap(call => call.links.map(link => link.context.spanId));
    expect(new Set(linked)).toEqual(new Set(appends.map(span => span.spanContext().spanId)));
    expect(linked).toHaveLength(40);
    expect(calls.length).toBeLessThan(40);
    for (const call of calls) {
      expect(call.parentSpanContext).toBeUndefined();
      const { 'db.operation.batch.size': size = 1, ...attributes } = call.attributes;
      expect(attributes).toEqual({ 'db.system.name': 'postgresql', 'db.operation.name': 'append_events' });
      expect(size).toBe(call.links.length);
    }
    const [size] = await recorded.points('annals.append.call.size');
    expect(size!.value).toMatchObject({ count: calls.length, sum: 40 });
  });

  test('a collection makes one query, whatever the number of projections', async () => {
    const { app } = await start([bankModule, defineModule({ projectors: [Copy] })]);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Copy, Balances] });
    queries.length = 0;
    const points = await recorded.points('annals.projection.lag.events');
    expect(points.map(({ attributes, value }) => [attributes['annals.projection.name'], value])).toEqual([
      ['balances', 0],
      ['copy', 0],
    ]);
    expect(queries.filter(query => /checkpoints|parked/.test(query))).toHaveLength(1);
  });

  test('lag, and what waits to be sent, show while a projection and the streams are held up', async () => {
    const { app, schema } = await start();
    const blocker = new pg.Client({ connectionString: stores.url });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query(`lock table ${schema}.checkpoints in share row exclusive mode`);
    const first = await app.events.append(deposit('held'));
    await app.events.append(deposit('held-too'));
    const points = async (name: string): Promise<number> => (await recorded.points(name))[0]!.value as number;
    await expect(points('annals.projection.lag.events')).resolves.toBe(2);
    await eventually('time passes', async () => (await points('annals.projection.lag.time')) > 0.05);
    const stuck = await app.health.progress({ stuckAfterMs: 50 });
    expect(stuck).toMatchObject({
      status: 'failing',
      checks: [
        { name: 'appends', status: 'ok' },
        {
          name: 'projection balances v1',
          status: 'failing',
          facts: { position: first.lastPosition - 1, lagEvents: 2 },
        },
      ],
    });
    await blocker.query('rollback');
    await app.projections.catchUp();
    await expect(points('annals.projection.lag.events')).resolves.toBe(0);
    await expect(points('annals.projection.lag.time')).resolves.toBe(0);
    await expect(app.health.progress()).resolves.toMatchObject({ status: 'ok' });

    await blocker.query('begin');
    await blocker.query(`lock table ${schema}.streams in exclusive mode`);
    const waiting = Array.from({ length: 10 }, (_value, index) =>
      app.events.append(deposit(`waits-${index}`)),
    );
    await eventually(
      'a call is under way',
      async () => (await points('annals.append.calls.in_flight')) === 1,
    );
    const behind = Array.from({ length: 7 }, (_value, index) =>
      app.events.append(deposit(`behind-${index}`)),
    );
    await eventually('the queue moves nothing', async () => {
      const { checks } = await app.health.progress({ stuckAfterMs: 20 });
      return checks[0]!.status === 'failing';
    });
    await blocker.query('rollback');
    await blocker.end();
    await Promise.all([...waiting, ...behind]);
    await expect(points('annals.append.queue.length')).resolves.toBe(0);
    await expect(app.health.progress()).resolves.toMatchObject({
      checks: [{ status: 'ok', facts: { stillMs: 0 } }, {}],
    });
  });

  test('a projection that stopped by itself fails the health of its app, and says why', async () => {
    const { app } = await start([bankModule, defineModule({ projectors: [Stubborn] })]);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await eventually('it has stopped', async () => (await app.health.progress()).status === 'failing');
    const { checks } = await app.health.progress();
    expect(checks.find(({ name }) => name === 'projection stubborn v1')).toMatchObject({
      status: 'failing',
      message: 'It stopped, because of an error that it may not pass by.',
      facts: { state: 'stopped', error: 'projection-stopped', lagEvents: 1, parkedEvents: 0 },
    });
    await expect(app.health.ready()).resolves.toMatchObject({ status: 'ok' });
  });
});
