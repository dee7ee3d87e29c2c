import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Store } from '../../src/application/ports/store.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import { collect } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { PostgresServer } from '../support/postgres-server.mjs';
import { testServices } from '../support/stores.ts';
import { appendOn } from './support/raw-append.ts';

const account = { aggregateType: 'account', aggregateId: 'acc-1' };

/*
 * A transaction that is rolled back flushes nothing: after a crash, the sequence may hand out once more what it
 * has drawn. A reader that was told "settled" before the crash must not miss what is stored there after it.
 */
describe('After a crash of PostgreSQL', () => {
  let server: PostgresServer;
  let store: Store;

  beforeAll(async () => {
    // Nothing but commits reaches the disk by itself.
    server = await PostgresServer.create({ fsync: 'on', wal_writer_delay: 10_000, bgwriter_delay: 10_000 });
    await server.start();
    store = await postgres(server.url).open(testServices());
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await server.remove();
  });

  test('readers see the events at positions that were drawn and rolled back before it', async () => {
    const { events } = store;
    const before = await events.append({ stream: account, expectedVersion: 'none', events: deposits(1) });
    await rollBackAppend(server.url, 200);
    const page = await events.readFeedPage();
    expect(page.events.map(event => event.eventId)).toEqual(before.eventIds);

    await server.kill('SIGKILL');
    await server.start();
    const after = await events.append({ stream: account, expectedVersion: 1, events: deposits(3) });

    const rest = await collect(events.readFeed({ afterPosition: page.throughPosition }));
    expect(rest.map(event => event.eventId)).toEqual(after.eventIds);
    expect(await events.settledPosition()).toBe(after.lastPosition);
  });
});

async function rollBackAppend(url: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const stream = { ...account, aggregateId: 'acc-2' };
  const append = { stream, expectedVersion: 'none' as const, events: deposits(count) };
  await client.query('begin');
  await appendOn(client, 'annals', [append]);
  await client.query('rollback');
  await client.end();
}
