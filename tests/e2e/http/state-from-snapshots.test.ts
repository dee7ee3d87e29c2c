import { describe, expect, test } from '@jest/globals';
import { defineModule, memory } from 'annals/di';
import { sharedStore } from '../../../src/infrastructure/testing/stores/shared-store.ts';
import { instead } from '../../support/intercepted-store.ts';
import { Book } from '../../support/shelf.ts';
import { testServices } from '../../support/stores.ts';
import { serve } from './support/serve.ts';

describe('The state of an aggregate that has snapshots', () => {
  test('is, at every version, what its events give', async () => {
    const store = await memory().open(testServices());
    let found = 0;
    const snapshots = instead(store.snapshots, {
      find: async (...asked) => {
        const snapshot = await store.snapshots.find(...asked);
        if (snapshot !== undefined) found++;
        return snapshot;
      },
    });
    const modules = [defineModule({ aggregates: [Book] })];
    const { app, get } = await serve({}, { store: sharedStore({ ...store, snapshots }), modules });
    await app.repository(Book).create('b-1', book => book.note('a', 'b', 'c', 'd'));
    await app.repository(Book).update('b-1', book => book.note('e'));
    const letters = ['a', 'b', 'c', 'd', 'e'];
    for (const [index] of letters.entries()) {
      const { status, body } = await get(`/events/aggregate/book/b-1/state?version=${index + 1}`);
      expect([status, body]).toEqual([
        200,
        {
          ...{ aggregate_type: 'book', aggregate_id: 'b-1', version: index + 1 },
          state: { lines: letters.slice(0, index + 1), isClosed: false },
        },
      ]);
    }
    // At the versions 4 and 5; the snapshot is of version 4.
    expect(found).toBe(2);
    expect((await get('/events/aggregate/book/b-1/state')).body.state).toEqual({
      ...{ lines: letters, isClosed: false },
    });
  });
});
