import { randomBytes } from 'node:crypto';
import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { Clock } from '../../src/application/ports/clock.ts';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import type { Store, StoreServices } from '../../src/application/ports/store.ts';
import { memory } from '../../src/infrastructure/memory/index.ts';
import { PGliteClient } from '../../src/infrastructure/pglite/pglite-client.ts';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import type { SqlClient } from '../../src/infrastructure/postgres/sql-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import {
  startFromTemplate,
  templateSchemas,
} from '../../src/infrastructure/testing/stores/pglite-template.ts';
import { keptOpen } from '../../src/infrastructure/testing/stores/kept-open.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { systemClock } from '../../src/infrastructure/system/system-clock.ts';
import { uuidV7Generator } from '../../src/infrastructure/system/uuid-v7-generator.ts';

/** Opens stores of one kind for a test file. */
export interface TestStores {
  /** Opens a store; on SQL all stores share their data. Disposing it closes no connection. */
  open(options?: { readonly clock?: Clock }): Promise<Store>;
  /** The events of a store, as contract suites ask for them. */
  readonly openEvents: (options?: { readonly clock?: Clock }) => Promise<EventStore>;
  /** Removes all that they stored, and closes every connection. */
  close(): Promise<void>;
}

/** What an app gives a store: the machine's clock and ids, and a logger that keeps quiet. */
export function testServices(services: Partial<StoreServices> = {}): StoreServices {
  return { clock: systemClock, ids: uuidV7Generator, logger: silentLogger, ...services };
}

/** A schema name that nobody else uses. */
export function randomSchema(): string {
  return `test_${randomBytes(6).toString('hex')}`;
}

/** The server of this test run, as its superuser. */
export function postgresUrl(database?: string): string {
  const url = process.env.ANNALS_TEST_POSTGRES;
  if (url === undefined) throw new Error('No test server: run the tests with "npm test".');
  if (database === undefined) return url;
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Stores in memory, each empty. */
export function memoryStores(): TestStores {
  const open = (options: { readonly clock?: Clock } = {}): Promise<Store> =>
    memory().open(testServices(options));
  return { open, openEvents: eventsOf(open), close: async () => undefined };
}

/** Stores in one PGlite, which takes a while to start; the schema is empty. */
export async function pgliteStores(): Promise<TestStores & { readonly database: PGlite; schema: string }> {
  const database = await startFromTemplate();
  const stores = sqlStores(new PGliteClient(database), templateSchemas[0]);
  return { ...stores, database, close: () => database.close() };
}

/** Stores on the test server, in a new schema. */
export type PostgresStores = TestStores & {
  readonly pool: pg.Pool;
  readonly schema: string;
  readonly url: string;
};

/** Stores on the test server; with `ownDatabase` the schema has its default name, `annals`. */
export async function postgresStores(options: { ownDatabase?: boolean } = {}): Promise<PostgresStores> {
  const name = randomSchema();
  if (options.ownDatabase) await administer(`create database ${name}`);
  const schema = options.ownDatabase ? 'annals' : name;
  const url = postgresUrl(options.ownDatabase ? name : undefined);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const close = async (): Promise<void> => {
    await pool.end();
    await administer(
      options.ownDatabase ? `drop database ${name} with (force)` : `drop schema if exists ${name} cascade`,
    );
  };
  const stores = sqlStores(new PgClient(pool, silentLogger), schema);
  return { ...stores, pool, url, close };
}

/** Runs one statement as superuser, outside of any store. */
export async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

type OpenStore = TestStores['open'];

function eventsOf(open: OpenStore): TestStores['openEvents'] {
  return async options => (await open(options)).events;
}

function sqlStores(client: SqlClient, schema: string): Omit<TestStores, 'close'> & { schema: string } {
  const shared = keptOpen(client);
  const open: OpenStore = (options = {}) => openSqlStore(shared, testServices(options), schema);
  return { open, openEvents: eventsOf(open), schema };
}
