import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const mebibyte = 1024 * 1024;
// What a page may hold, and the large ones that are fetched together.
const mostOfAPage = (16 + 16) * mebibyte;

let stores: PostgresStores;
let events: EventStore;

beforeAll(async () => {
  stores = await postgresStores();
  events = await stores.openEvents();
});

afterAll(() => stores.close());

/* Texts that the server can compress to almost nothing, and texts that it cannot. */
const notes = {
  compressible: () => 'x'.repeat(mebibyte - 100),
  random: () => randomBytes(mebibyte / 2 - 100).toString('hex'),
};

describe('A page of the feed', () => {
  test.each(Object.entries(notes))('ends early where its events are large and %s', async (name, note) => {
    const before = await events.settledPosition();
    for (let index = 0; index < 40; index++) {
      const stream = { aggregateType: 'file', aggregateId: `${name}-${index}` };
      const payload = { index, note: note() };
      await events.append({ stream, expectedVersion: 'none', events: [{ type: 'file.stored', payload }] });
    }

    const seen: unknown[] = [];
    let pages = 0;
    for (let [afterPosition, isLast] = [before, false]; !isLast; pages++) {
      const page = await events.readFeedPage({ afterPosition });
      const texts = page.events.map(({ payload }) => payload as { index: number; note: string });
      expect(texts.reduce((sum, text) => sum + text.note.length, 0)).toBeLessThan(mostOfAPage);
      seen.push(...texts.map(({ index }) => index));
      ({ throughPosition: afterPosition, isLast } = page);
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_value, index) => index));
    expect(pages).toBeGreaterThan(2);
  });
});
