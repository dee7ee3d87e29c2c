import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PGlite } from '@electric-sql/pglite';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import { collect } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { pgliteStores, postgresStores } from '../support/stores.ts';

const stream = { aggregateType: 'account', aggregateId: 'acc-1' };

const changes: Record<string, (schema: string) => string> = {
  'an update': schema => `update ${schema}.events set payload = '{}'`,
  'an update of one row': schema => `update ${schema}.events set version = 7 where version = 1`,
  'an update of no row': schema => `update ${schema}.events set version = 7 where false`,
  'a delete': schema => `delete from ${schema}.events`,
  'a delete of one row': schema => `delete from ${schema}.events where version = 2`,
  'a truncate': schema => `truncate ${schema}.events`,
  'another name for a stream': schema => `update ${schema}.streams set aggregate_id = 'mallory'`,
  'another type of a stream': schema => `update ${schema}.streams set aggregate_type = 'loan' where false`,
  'the events of another stream': schema => `update ${schema}.streams set stream_ref = stream_ref + 1`,
  'a delete of streams': schema => `delete from ${schema}.streams`,
  'a truncate of streams': schema => `truncate ${schema}.streams`,
  'a truncate of all tables': schema => `truncate ${schema}.streams, ${schema}.events cascade`,
  'an insert that updates': schema =>
    `insert into ${schema}.events select * from ${schema}.events on conflict (position) do update set version = 7`,
  'a merge': schema =>
    `merge into ${schema}.events e using ${schema}.streams s on e.stream_ref = s.stream_ref
     when matched then delete`,
};

interface Database {
  readonly schema: string;
  readonly events: EventStore;
  run(sql: string): Promise<unknown>;
}

/* The owner of the tables, who is superuser as well: nobody has more rights. */
async function checkRefused(database: Database, sql: string): Promise<void> {
  const before = await collect(database.events.readStream(stream));
  expect(before).toHaveLength(3);

  await expect(database.run(sql)).rejects.toMatchObject({
    code: '23001',
    message: expect.stringMatching(
      new RegExp(
        `^Events are never changed: (UPDATE|DELETE|TRUNCATE) on ${database.schema}.(events|streams) was refused.$`,
      ),
    ),
    hint: 'Append an event that corrects the earlier one.',
  });

  expect(await collect(database.events.readStream(stream))).toEqual(before);
}

describe('The log on PostgreSQL', () => {
  let database: Database & { close(): Promise<void> };
  const role = `reader_${process.pid}`;

  beforeAll(async () => {
    const stores = await postgresStores();
    const events = await stores.openEvents();
    await events.append({ stream, expectedVersion: 'none', events: deposits(3) });
    const { schema, pool } = stores;
    await pool.query(`create role ${role}; grant usage on schema ${schema} to ${role};
      grant all on all tables in schema ${schema} to ${role}`);
    const close = async (): Promise<void> => {
      await pool.query(`drop owned by ${role}; drop role ${role}`);
      await stores.close();
    };
    database = { schema, events, run: sql => pool.query(sql), close };
  });

  afterAll(() => database.close());

  for (const [shown, sqlFor] of Object.entries(changes)) {
    test(`refuses ${shown} by its owner`, () => checkRefused(database, sqlFor(database.schema)));

    test(`refuses ${shown} by another role`, async () => {
      const sql = `begin; set local role ${role}; ${sqlFor(database.schema)}; commit`;
      const run = (text: string): Promise<unknown> =>
        database.run(text).finally(() => database.run('rollback'));
      await checkRefused({ ...database, run }, sql);
    });
  }
});

describe('The log on PGlite', () => {
  let database: Database & { readonly pglite: PGlite };

  beforeAll(async () => {
    const { openEvents, database: pglite, schema } = await pgliteStores();
    const events = await openEvents();
    await events.append({ stream, expectedVersion: 'none', events: deposits(3) });
    database = { schema, events, run: sql => pglite.exec(sql), pglite };
  });

  afterAll(() => database.pglite.close());

  for (const [shown, sqlFor] of Object.entries(changes)) {
    test(`refuses ${shown}`, () => checkRefused(database, sqlFor(database.schema)));
  }
});
