import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { AnnalsError, Class } from '../../src/domain/index.ts';
import { StoreUnavailable } from '../../src/application/ports/event-store-errors.ts';
import {
  InvalidSchemaName,
  MissingRights,
  SchemaTooNew,
  postgres,
} from '../../src/infrastructure/postgres/index.ts';
import type { PostgresOptions } from '../../src/infrastructure/postgres/index.ts';
import { migrationFiles } from '../../src/infrastructure/postgres/sql.generated.ts';
import { checkError, collect, plain } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { administer, postgresStores, postgresUrl, randomSchema, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const stream = { aggregateType: 'account', aggregateId: 'acc-1' };
const known = Object.keys(migrationFiles).length;
/* Neither superuser nor owner of anything. */
const role = `app_${randomBytes(6).toString('hex')}`;

let stores: PostgresStores;

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
  await administer(`create role ${role} login`);
});

afterAll(async () => {
  await stores.close();
  await administer(`drop role ${role}`);
});

function urlWith(parts: Partial<Pick<URL, 'username' | 'port' | 'hostname' | 'pathname'>>): string {
  return Object.assign(new URL(stores.url), parts).href;
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  return (await stores.pool.query<Record<string, unknown>>(sql)).rows;
}

async function schemas(): Promise<unknown[]> {
  const rows = await query(
    `select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('public', 'information_schema')`,
  );
  return rows.map(row => row.nspname);
}

/* Opening fails with this error and leaves the database as it was. */
async function checkRefused<E extends AnnalsError>(
  target: string,
  options: PostgresOptions,
  errorClass: Class<E>,
  facts: Readonly<Record<string, unknown>> & { readonly code: string },
): Promise<Error> {
  const before = await schemas();
  const opened = postgres(target, { connectTimeoutMs: 1_000, ...options }).open(testServices());
  const error: unknown = await opened.then(
    () => new Error('it was opened'),
    (thrown: unknown) => thrown,
  );
  checkError(error, errorClass, facts);
  expect(await schemas()).toEqual(before);
  return error as Error;
}

describe('The schema', () => {
  test('is made once when ten nodes start at the same time', async () => {
    const schema = randomSchema();
    const nodes = await Promise.all(
      Array.from({ length: 10 }, () => postgres(stores.url, { schema }).open(testServices())),
    );

    const rows = await query(`select number, name from ${schema}.migrations order by number`);
    expect(rows).toEqual(Object.keys(migrationFiles).map((name, index) => ({ number: index + 1, name })));
    await Promise.all(
      nodes.map(node => node.events.append({ stream, expectedVersion: 'any', events: deposits(2) })),
    );
    expect(await nodes[0]!.events.streamVersion(stream)).toBe(20);
    await Promise.all(nodes.map(node => node[Symbol.asyncDispose]()));
  });

  test('keeps its events when it is opened again', async () => {
    const schema = randomSchema();
    const first = await postgres(stores.url, { schema }).open(testServices());
    await first.events.append({ stream, expectedVersion: 'none', events: deposits(2) });
    const events = await collect(first.events.readStream(stream));
    await first[Symbol.asyncDispose]();

    const second = await postgres(stores.url, { schema }).open(testServices());
    expect(await collect(second.events.readStream(stream))).toEqual(events);
    const { version } = await second.events.append({ stream, expectedVersion: 2, events: deposits(1) });
    expect(version).toBe(3);
    await second[Symbol.asyncDispose]();
  });

  test('is refused, unchanged, when a newer release has made it', async () => {
    const schema = randomSchema();
    await (await postgres(stores.url, { schema }).open(testServices()))[Symbol.asyncDispose]();
    const newer = known + 2;
    await query(`insert into ${schema}.migrations (number, name) values (${newer}, 'from_the_future')`);

    await checkRefused(stores.url, { schema }, SchemaTooNew, {
      ...{ code: 'schema-too-new', schema, foundMigration: newer, knownMigration: known },
    });

    const [row] = await query(`select count(*)::int as count from ${schema}.migrations`);
    expect(row).toEqual({ count: known + 1 });
  });

  test('is completed when an earlier release has made a part of it', async () => {
    const schema = randomSchema();
    await (await postgres(stores.url, { schema }).open(testServices()))[Symbol.asyncDispose]();
    await query(`delete from ${schema}.migrations where number = ${known}`);
    await query(`alter table ${schema}.snapshots drop column event_id, drop column checksum`);
    // As no release has written it, but somebody may have.
    await query(
      `insert into ${schema}.snapshots (stream_ref, schema_version, version, state) values (1, 1, 1, '{}')`,
    );

    await (await postgres(stores.url, { schema }).open(testServices()))[Symbol.asyncDispose]();

    const columns = await query(`select column_name as name from information_schema.columns
      where table_schema = '${schema}' and table_name = 'snapshots' and is_nullable = 'NO' order by ordinal_position`);
    const names = columns.map(({ name }) => name);
    expect(names).toEqual([
      ...['stream_ref', 'schema_version', 'version', 'state', 'taken_at', 'event_id', 'checksum'],
    ]);
    expect(await query(`select * from ${schema}.snapshots`)).toEqual([]);
  });

  test('is not made by a role without the right to', async () => {
    const error = await checkRefused(urlWith({ username: role }), { schema: 'forbidden' }, MissingRights, {
      ...{ code: 'missing-rights', schema: 'forbidden' },
    });
    expect(error.cause).toMatchObject({ code: '42501' });
  });

  test('serves a role that may only use it, once another role has made it', async () => {
    const schema = randomSchema();
    await (await postgres(stores.url, { schema }).open(testServices()))[Symbol.asyncDispose]();
    await query(`grant usage on schema ${schema} to ${role};
      grant select, insert, update, delete on all tables in schema ${schema} to ${role};
      grant usage, select on all sequences in schema ${schema} to ${role}`);

    const store = await postgres(urlWith({ username: role }), { schema }).open(testServices());
    const { version } = await store.events.append({ stream, expectedVersion: 'none', events: deposits(2) });
    const page = await store.events.readFeedPage();

    expect(version).toBe(2);
    expect(page.events.map(plain)).toEqual(await collect(store.events.readStream(stream)));
    expect(page.events).toHaveLength(2);
    await store[Symbol.asyncDispose]();
    await query(`drop owned by ${role}`);
  });
});

describe('The name of a schema', () => {
  const badNames = [
    ...['', ' ', 'Annals', 'my-schema', 'a.b', '1st', '_hidden', 'x'.repeat(41), 'схема', 'a\u0000'],
    ...[`an"nals`, `an'nals`, `annals; drop schema public cascade; --`, '"annals"', 'annals\n'],
    ...['pg_catalog', 'pg_annals', 'user', 'select', 'table', 'order'],
  ];

  for (const schema of badNames) {
    test(`is refused when it is ${JSON.stringify(schema)}`, async () => {
      await checkRefused(stores.url, { schema }, InvalidSchemaName, { code: 'invalid-schema-name', schema });
    });
  }

  test('may have 40 characters', async () => {
    const schema = randomSchema().padEnd(40, '_0');
    const store = await postgres(stores.url, { schema }).open(testServices());
    await store.events.append({ stream, expectedVersion: 'none', events: deposits(1) });
    expect(await store.events.streamVersion(stream)).toBe(1);
    await store[Symbol.asyncDispose]();
  });
});

describe('A server that cannot be reached', () => {
  const targets: Record<string, () => string> = {
    'nobody listens there': () => urlWith({ port: '1' }),
    'its name is unknown': () => urlWith({ hostname: 'no.such.host.invalid' }),
    'the database does not exist': () => postgresUrl('no_such_database'),
    'the role does not exist': () => urlWith({ username: 'no_such_role' }),
    'the url is no url': () => 'not a url',
    'the port is no port': () => 'postgres://localhost:99999/annals',
    'the socket does not exist': () => 'postgres:///annals?host=/no/such/folder',
    'it offers no encryption': () => `${stores.url}?sslmode=verify-full`,
  };

  for (const [shown, target] of Object.entries(targets)) {
    test(`is reported as unavailable when ${shown}`, async () => {
      const error = await checkRefused(target(), {}, StoreUnavailable, { code: 'store-unavailable' });
      expect(error.cause).toHaveProperty('message');
    });
  }

  test('is reported as unavailable when it never answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer(socket => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const error = await checkRefused(
      urlWith({ port: String(port) }),
      { connectTimeoutMs: 100 },
      StoreUnavailable,
      { code: 'store-unavailable' },
    );
    expect(error.cause).toHaveProperty('message');
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});
