import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { ExpectedVersion, StreamId } from '../../src/domain/index.ts';
import type { Store } from '../../src/application/ports/store.ts';
import { CommandAlreadyStored, StoreUnavailable } from '../../src/application/ports/event-store-errors.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import { checkRefused, collect } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits, withIds } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { CutMoment } from '../support/tcp-proxy.ts';
import { alwaysInline } from '../support/always-inline.ts';

const moments: readonly CutMoment[] = ['within the request', 'after the request', 'before the answer'];
const forms: readonly ExpectedVersion[] = [2, 'exists', 'any'];

let direct: PostgresStores;
let proxy: TcpProxy;
let store: Store;
let streams = 0;

beforeAll(async () => {
  direct = await postgresStores();
  proxy = await TcpProxy.start(direct.url);
  store = await postgres(proxy.urlFor(direct.url), { schema: direct.schema }).open(testServices());
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await proxy.close();
  await direct.close();
});

function newStream(): StreamId {
  return { aggregateType: 'account', aggregateId: `acc-${++streams}` };
}

async function versionsOf(stream: StreamId): Promise<number[]> {
  return (await collect(store.events.readStream(stream))).map(event => event.version);
}

describe('An append whose connection is cut', () => {
  for (const moment of moments) {
    for (const expectedVersion of forms) {
      test(`is stored once when it expects ${expectedVersion} and is cut ${moment}`, async () => {
        const stream = newStream();
        await store.events.append({ stream, expectedVersion: 'none', events: deposits(2) });
        const cuts = proxy.cutCount;

        proxy.cutNext(moment, 'append_events');
        const result = await store.events.append({ stream, expectedVersion, events: deposits(3) });

        expect(proxy.cutCount).toBe(cuts + 1);
        const stored = await collect(store.events.readStream(stream, { fromVersion: 3 }));
        expect(result).toEqual({
          stream,
          version: 5,
          lastPosition: stored[2]!.position,
          positions: stored.map(event => event.position),
          eventIds: stored.map(event => event.eventId),
          // Cut after the request, the first call may still be at work, and the second one may overtake it.
          repeated: moment === 'after the request' ? expect.any(Boolean) : moment === 'before the answer',
        });
        expect(await versionsOf(stream)).toEqual([1, 2, 3, 4, 5]);
      });
    }

    test(`starts a stream once when it is cut ${moment}, three times in a row`, async () => {
      const stream = newStream();
      const cuts = proxy.cutCount;
      for (let time = 0; time < 3; time++) proxy.cutNext(moment, 'append_events');

      const { version } = await store.events.append({ stream, expectedVersion: 'none', events: deposits(2) });

      expect(proxy.cutCount).toBe(cuts + 3);
      expect(version).toBe(2);
      expect(await versionsOf(stream)).toEqual([1, 2]);
    });

    test(`is stored once over several streams, with its command, when it is cut ${moment}`, async () => {
      const appends = [newStream(), newStream()].map(stream => ({
        ...{ stream, expectedVersion: 'none' as const, events: deposits(2) },
        uniqueKeys: { claim: [`key of ${stream.aggregateId}`], release: [] },
      }));
      const command = { commandId: `command cut ${moment}`, fingerprint: 'f', result: { done: true } };

      proxy.cutNext(moment, 'append_events');
      const results = await store.events.appendMany(appends, { commands: [command] });

      expect(results.map(result => result.version)).toEqual([2, 2]);
      for (const { stream } of appends) expect(await versionsOf(stream)).toEqual([1, 2]);
      const lastPosition = results[1]!.lastPosition;
      expect(await store.events.findCommand(command.commandId)).toEqual({ ...command, lastPosition });
      await checkRefused(
        () => store.events.appendMany(appends, { commands: [command] }),
        CommandAlreadyStored,
        { code: 'command-already-stored', commandId: command.commandId },
      );
    });
  }

  test('is stored once when the retry arrives while the first attempt still runs', async () => {
    const stream = newStream();
    await store.events.append({ stream, expectedVersion: 'none', events: deposits(1) });
    const holder = await holdStream(stream);

    proxy.cutNext('after the request', 'append_events');
    const appended = store.events.append({ stream, expectedVersion: 'any', events: deposits(2) });
    await eventually('both attempts wait for the stream', async () => (await waitingAppends()).length === 2);
    await holder.release();

    expect((await appended).version).toBe(3);
    expect(await versionsOf(stream)).toEqual([1, 2, 3]);
  });

  test('is stored once when its server process is terminated in the middle', async () => {
    const stream = newStream();
    await store.events.append({ stream, expectedVersion: 'none', events: deposits(1) });
    const holder = await holdStream(stream);

    const appended = store.events.append({ stream, expectedVersion: 1, events: deposits(2) });
    const [first] = await eventually('the append waits', nonEmpty(waitingAppends));
    await direct.pool.query('select pg_terminate_backend($1)', [first]);
    const other = (pids: number[]): boolean => pids.length > 0 && !pids.includes(first!);
    await eventually('its retry waits', async () => other(await waitingAppends()));
    await holder.release();

    const result = await appended;
    expect(result).toMatchObject({ stream, version: 3, repeated: false });
    expect(await versionsOf(stream)).toEqual([1, 2, 3]);
  });

  test('leaves its neighbours alone', async () => {
    const appends = Array.from({ length: 30 }, () => ({
      ...{ stream: newStream(), expectedVersion: 'none' as const, events: withIds(deposits(2)) },
    }));
    for (const moment of moments) proxy.cutNext(moment, 'append_events');

    const results = await Promise.all(appends.map(append => store.events.append(append)));

    for (const [index, { stream, events }] of appends.entries()) {
      const stored = await collect(store.events.readStream(stream));
      expect(stored.map(event => event.eventId)).toEqual(events.map(event => event.eventId));
      expect(results[index]!.positions).toEqual(stored.map(event => event.position));
    }
  });
});

describe('An append with an inline projection', () => {
  const seen = 'inline_seen';

  beforeAll(async () => {
    await direct.pool.query(`create table ${direct.schema}.${seen} (event_id uuid not null)`);
  });

  for (const moment of moments) {
    test(`is stored and projected once when its commit is cut ${moment}`, async () => {
      const inline = await postgres(proxy.urlFor(direct.url), { schema: direct.schema }).open(testServices());
      const stream = newStream();
      inline.events.useInlineProjections(
        alwaysInline(async (events, { sql }) => {
          for (const { eventId } of events) {
            await sql!.query(`insert into ${direct.schema}.${seen} values ($1)`, [eventId]);
          }
        }),
      );

      proxy.cutNext(moment, 'commit');
      const { eventIds } = await inline.events.append({
        ...{ stream, expectedVersion: 'none', events: deposits(3) },
      });

      const sql = `select event_id from ${direct.schema}.${seen} where event_id = any ($1::uuid[])`;
      const { rows } = await direct.pool.query<{ event_id: string }>(sql, [eventIds]);
      expect(rows.map(row => row.event_id).sort()).toEqual([...eventIds].sort());
      expect(await versionsOf(stream)).toEqual([1, 2, 3]);
      await inline[Symbol.asyncDispose]();
    });
  }
});

describe('A read whose connection is cut', () => {
  for (const moment of moments) {
    test(`says that the store is unavailable when it is cut ${moment}, and the next one works`, async () => {
      const stream = newStream();
      await store.events.append({ stream, expectedVersion: 'none', events: deposits(1) });

      proxy.cutNext(moment, 'read_stream_forwards');
      await checkRefused(() => collect(store.events.readStream(stream)), StoreUnavailable, {
        code: 'store-unavailable',
      });

      expect(await versionsOf(stream)).toEqual([1]);
    });
  }
});

describe('A server that says good-bye at the wrong moment', () => {
  test('when a connection has just been made, is an error of the call and no end of the process', async () => {
    const isIn = message('R', '\0\0\0\0') + message('Z', 'I');
    await using server = await startServer(socket => {
      socket.once('data', () => socket.end(Buffer.from(isIn + goodBye, 'latin1')));
    });
    const opened = postgres(server.url).open(testServices());
    await checkRefused(() => opened, StoreUnavailable, { code: 'store-unavailable' });
  });

  test('when the store is closed, does not end the process', async () => {
    const { hostname, port } = new URL(direct.url);
    let goodByes = 0;
    await using server = await startServer(socket => {
      const behind = connect(Number(port), hostname);
      socket.on('data', bytes => {
        if (bytes[0] !== 'X'.charCodeAt(0)) return void behind.write(bytes);
        goodByes++;
        socket.end(Buffer.from(goodBye, 'latin1'));
      });
      behind.on('data', bytes => socket.write(bytes));
      socket.on('close', () => behind.destroy());
    });
    const closing = await postgres(server.url, { schema: direct.schema }).open(testServices());
    await closing[Symbol.asyncDispose]();
    await eventually('the server has said it', async () => goodByes > 0 && server.isDeserted());
  });
});

const goodBye = message('E', 'SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');

/* A message of PostgreSQL's protocol: a letter, its length, its content. */
function message(type: string, body: string): string {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return type + length.toString('latin1') + body;
}

/* A server in place of PostgreSQL. */
async function startServer(
  serve: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly url: string; isDeserted(): boolean }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    isDeserted: () => sockets.size === 0,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

const holders: pg.Client[] = [];

afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.end();
});

/* Locks the row of a stream, so that appends to it wait inside the function. */
async function holdStream(stream: StreamId): Promise<{ release(): Promise<unknown> }> {
  const client = new pg.Client({ connectionString: direct.url });
  await client.connect();
  holders.push(client);
  await client.query('begin');
  const sql = `select from ${direct.schema}.streams where aggregate_type = $1 and aggregate_id = $2 for update`;
  const { rowCount } = await client.query(sql, [stream.aggregateType, stream.aggregateId]);
  expect(rowCount).toBe(1);
  return { release: () => client.query('commit') };
}

/* The processes whose append waits for a lock. */
async function waitingAppends(): Promise<number[]> {
  const { rows } = await direct.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity
     where wait_event_type = 'Lock' and query like '%' || $1 || '.append_events%' and pid <> pg_backend_pid()`,
    [direct.schema],
  );
  return rows.map(row => row.pid);
}

function nonEmpty<T>(read: () => Promise<T[]>): () => Promise<T[] | undefined> {
  return async () => {
    const values = await read();
    return values.length > 0 ? values : undefined;
  };
}

describe('A change of a projection', () => {
  test('whose connection is cut says so, with the cause', async () => {
    proxy.cutNext('after the request', 'lock_timeout');
    const refused = store.readModels.changeStates(({ states }) => states.lock('no_such'));
    await checkRefused(() => refused, StoreUnavailable, { code: 'store-unavailable' });
    await expect(
      store.readModels.changeStates(({ states }) => states.lock('no_such')),
    ).resolves.toMatchObject({
      projections: [],
    });
  });
});
