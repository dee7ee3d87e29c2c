import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createApp, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { Balances, Deposit, OpenAccount, bankModule } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { listingQueries } from '../support/listed-queries.ts';
import { PostgresServer } from '../support/postgres-server.mjs';

/* A server of its own, because this one is harmed. */
let server: PostgresServer;
const apps: App[] = [];

beforeEach(async () => {
  server = await PostgresServer.create({ fsync: 'off' });
  await server.start();
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  await server.remove();
});

async function start(store = postgres(server.url)): Promise<App> {
  const app = await createApp({ store, modules: [bankModule], logger: silentLogger });
  apps.push(app);
  return app;
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; tookMs: number }> {
  const startedAtMs = performance.now();
  const result = await work();
  return { result, tookMs: performance.now() - startedAtMs };
}

const isReady = async (app: App): Promise<boolean> => (await app.health.ready()).status === 'ok';

describe('Readiness tells the truth', () => {
  const ready = {
    status: 'ok',
    checks: [
      { name: 'app', status: 'ok' },
      { name: 'database', status: 'ok' },
      { name: 'migrations', status: 'ok' },
    ],
  };

  test.each([
    { how: 'ended in order', end: () => server.stop() },
    { how: 'killed', end: () => server.kill('SIGKILL') },
  ])('while the server is $how, and comes back by itself', async ({ end }) => {
    const app = await start();
    await expect(app.health.ready()).resolves.toEqual(ready);

    await end();
    const { result, tookMs } = await timed(() => app.health.ready());
    expect(result).toMatchObject({
      status: 'failing',
      checks: [
        { name: 'app', status: 'ok' },
        { name: 'database', status: 'failing' },
      ],
    });
    // Not a measurement: without a bound it would take the half minute that a statement may take.
    expect(tookMs).toBeLessThan(25_000);
    await expect(app.health.live()).resolves.toMatchObject({ status: 'ok' });
    await expect(app.health.progress()).resolves.toMatchObject({ status: 'failing' });

    await server.start();
    await eventually('it is ready again', () => isReady(app));
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.commands.dispatch(new Deposit('a', 5), { waitFor: [Balances], timeoutMs: 120_000 });
    await expect(app.health.progress()).resolves.toMatchObject({ status: 'ok' });
  });

  test('while the server is frozen: it answers in time, however often it is asked, and asks but once', async () => {
    const queries: string[] = [];
    const app = await start({
      open: services => {
        const client = new PgClient(server.url, services.logger, { maxConnections: 2 });
        return openSqlStore(listingQueries(client, queries), services, 'annals');
      },
    });
    await app.projections.catchUp();
    const stateQueries = (): number => queries.filter(query => query.includes('string_agg(number')).length;
    await server.kill('SIGSTOP');
    const asked = await timed(() =>
      Promise.all(Array.from({ length: 20 }, () => app.health.ready({ timeoutMs: 200 }))),
    );
    const looked = await timed(() => app.health.progress({ timeoutMs: 200 }));
    await server.kill('SIGCONT');

    const late = { status: 'failing', message: 'The database did not answer within 200 ms.' };
    for (const report of asked.result) {
      expect(report).toEqual({ status: 'failing', checks: [ready.checks[0], { name: 'database', ...late }] });
    }
    expect(looked.result.checks).toContainEqual({ name: 'projections', ...late });
    // Not a measurement: without a bound it would take the half minute that a statement may take.
    expect(asked.tookMs + looked.tookMs).toBeLessThan(25_000);
    await eventually('the question is answered', async () => stateQueries() > 0);
    await expect(app.health.ready()).resolves.toEqual(ready);
    expect(stateQueries()).toBe(2);
  });

  test('when nothing can be written, when a table is gone, when a newer release was here, and once it stops', async () => {
    const app = await start();
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query('insert into annals.migrations (number, name) values (9999, $1)', ['9999_later']);
    await expect(app.health.ready()).resolves.toMatchObject({
      status: 'degraded',
      checks: [
        {},
        { status: 'ok' },
        { name: 'migrations', message: 'A newer release has changed the schema.' },
      ],
    });
    await admin.query('delete from annals.migrations where number in (9999, 3)');
    await expect(app.health.ready()).resolves.toMatchObject({
      status: 'failing',
      checks: [{}, {}, { message: 'The schema lacks the migrations 0003_read_models.' }],
    });
    await admin.query('alter system set default_transaction_read_only = on');
    await admin.query('select pg_reload_conf()');
    await eventually('it notices', async () => {
      const { checks } = await app.health.ready();
      return checks[1]!.message === 'The database answers, but takes no writes.';
    });
    await admin.query('set default_transaction_read_only = off');
    await admin.query('drop table annals.migrations');
    await expect(app.health.ready()).resolves.toMatchObject({
      status: 'failing',
      checks: [{}, { name: 'database', status: 'ok' }, { name: 'migrations', status: 'failing' }],
    });
    await admin.end();
    await app.stop();
    await expect(app.health.ready()).resolves.toEqual({
      status: 'failing',
      checks: [{ name: 'app', status: 'failing', message: 'The app was told to stop.' }],
    });
    await expect(app.health.live()).resolves.toMatchObject({ status: 'ok' });
  });

  test('when no connection is free', async () => {
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    pool.on('error', () => undefined);
    const app = await createApp({ store: postgres(pool), modules: [], logger: silentLogger });
    const client = await pool.connect();
    await expect(app.health.ready({ timeoutMs: 100 })).resolves.toMatchObject({ status: 'failing' });
    client.release();
    await eventually('it is ready again', () => isReady(app));
    await app.stop();
    await pool.end();
  });
});
