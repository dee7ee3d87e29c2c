import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/application/ports/store.ts';
import { postgres } from '../../src/infrastructure/postgres/index.ts';
import { eventually } from '../support/eventually.ts';
import { PostgresServer } from '../support/postgres-server.mjs';
import { testServices } from '../support/stores.ts';

/* A server of its own, because this one is killed; what it acknowledges reaches the disk. */
describe('kill -9 of PostgreSQL under load', () => {
  let server: PostgresServer;
  let store: Store;

  beforeAll(async () => {
    server = await PostgresServer.create({ fsync: 'on' });
    await server.start();
    store = await postgres(server.url).open(testServices());
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await server.remove();
  });

  test('loses no acknowledged append, doubles none, and needs no restart of the application', async () => {
    const acknowledged: string[] = [];
    let isRunning = true;
    const writer = async (name: string): Promise<void> => {
      for (let version = 0; isRunning; version++) {
        const stream = { aggregateType: 'account', aggregateId: name };
        const events = [1, 2].map(amount => ({ type: 'account.deposited', payload: { amount } }));
        const { eventIds } = await store.events.append({ stream, expectedVersion: version * 2, events });
        acknowledged.push(...eventIds);
      }
    };
    const writers = Array.from({ length: 16 }, async (_value, index) => writer(`writer-${index}`));
    for (let round = 1; round <= 2; round++) {
      const before = acknowledged.length;
      await eventually('500 more are acknowledged', async () => acknowledged.length > before + 500);
      await server.kill('SIGKILL');
      await server.start();
    }
    const beforeEnd = acknowledged.length;
    await eventually('it goes on', async () => acknowledged.length > beforeEnd + 500);
    isRunning = false;
    await Promise.all(writers);

    const stored: string[] = [];
    const versions = new Map<string, number>();
    for await (const event of store.events.readFeed()) {
      stored.push(event.eventId);
      expect(event.version).toBe((versions.get(event.aggregateId) ?? 0) + 1);
      versions.set(event.aggregateId, event.version);
    }
    expect(stored.sort()).toEqual(acknowledged.sort());
  });
});
