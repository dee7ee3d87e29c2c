import { afterEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Store } from '../../src/application/ports/store.ts';
import { StoreUnavailable } from '../../src/application/ports/event-store-errors.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import { eventually } from '../support/eventually.ts';
import { PostgresServer } from '../support/postgres-server.mjs';
import { SmallDisk } from '../support/small-disk.ts';
import { testServices } from '../support/stores.ts';
import { Load } from './support/load.ts';

// A server that crashes tries to start again by itself, and needs its time to give up.
const patienceMs = 30_000;
const opened: AsyncDisposable[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const disk = await SmallDisk.create(megabytes);
  opened.push(disk);
  return disk;
}

async function startServer(
  disk: SmallDisk,
  settings: Record<string, string | number>,
  initdb: readonly string[] = [],
): Promise<PostgresServer> {
  const server = await PostgresServer.create({ fsync: 'on', ...settings }, { enter: disk.enter, initdb });
  opened.push({ [Symbol.asyncDispose]: () => server.remove() });
  await server.start();
  return server;
}

async function openStore(server: PostgresServer): Promise<Store> {
  const store = await postgres(server.url).open(testServices());
  opened.push(store);
  return store;
}

describe('A full disk', () => {
  test('of the tables fails appends with its reason, and heals by itself when it is freed', async () => {
    const disk = await smallDisk(24);
    await disk.run(`mkdir ${disk.folder}/tables`);
    const server = await startServer(disk, {});
    await keepTablesOn(server, `${disk.folder}/tables`);
    const load = new Load((await openStore(server)).events, { callers: 8, payloadSize: 4_000 });
    await eventually('it is under load', async () => load.acknowledged.size > 200);

    await disk.fill();
    await eventually('callers are told', async () => load.errors.length > 50);
    const stuckAt = load.acknowledged.size;
    const told = load.errors.length;
    await eventually('more callers are told', async () => load.errors.length > told + 50);
    expect(load.acknowledged.size).toBe(stuckAt);
    await disk.free();
    await eventually('it goes on', async () => load.acknowledged.size > stuckAt + 200, patienceMs);
    await load.stop();

    for (const error of load.errors) {
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(error).toMatchObject({
        cause: { code: '53100' },
        message: expect.stringContaining('No space left'),
      });
    }
    expect(await load.findViolations()).toEqual([]);
  });

  test('of the write-ahead log ends the server, and loses nothing that was acknowledged', async () => {
    const disk = await smallDisk(64);
    // Nothing that was written is reused, so that more room is needed all the time.
    const keepAll = { wal_keep_size: '1GB' };
    const wal = [`--waldir=${disk.folder}/wal`, '--wal-segsize=1'];
    const server = await startServer(disk, keepAll, wal);
    const load = new Load((await openStore(server)).events, { callers: 8, payloadSize: 4_000 });
    await eventually('it is under load', async () => load.acknowledged.size > 200);

    await disk.fill();
    await eventually('PostgreSQL gives up', async () => !server.isRunning, patienceMs);
    const before = load.acknowledged.size;
    await disk.free();
    await server.start();
    await eventually('it goes on', async () => load.acknowledged.size > before + 200, patienceMs);
    await load.stop();

    for (const error of load.errors) expect(error).toBeInstanceOf(StoreUnavailable);
    expect(await load.findViolations()).toEqual([]);
  });
});

async function keepTablesOn(server: PostgresServer, folder: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(`create tablespace small location '${folder}'`);
  await client.query('alter database postgres set default_tablespace = small');
  await client.end();
}
