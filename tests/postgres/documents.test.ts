import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ProjectionId, Store } from 'annals';
import type { DocumentChange } from '../../src/application/ports/read-model-store.ts';
import { addBuild } from '../support/add-build.ts';
import { postgresStores } from '../support/stores.ts';

const place = { version: 1, position: 1 };

function change(id: string, count: number | null): DocumentChange {
  return { id, json: count === null ? null : JSON.stringify({ count }), ...place };
}

describe('documents written in one transaction', () => {
  let stores: Awaited<ReturnType<typeof postgresStores>>;
  let store: Store;
  let seen: ProjectionId;

  beforeAll(async () => {
    stores = await postgresStores();
    store = await stores.open();
    seen = await addBuild(store.readModels, 'seen', { tables: 'documents' });
  });

  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await stores.close();
  });

  test('may be made, changed, removed and made again', async () => {
    await store.readModels.transaction(async transaction => {
      await transaction.loadDocuments(seen, ['made', 'never', 'again']);
      await transaction.saveDocuments(seen, [change('made', 1), change('never', null), change('again', 1)]);
      await transaction.saveDocuments(seen, [change('made', 2), change('again', null)]);
      const found = await transaction.loadDocuments(seen, ['made', 'again']);
      expect([...found]).toEqual([['made', { count: 2 }]]);
      await transaction.saveDocuments(seen, [change('made', 3), change('again', 4), change('unlooked', 5)]);
      await transaction.saveDocuments(seen, [change('unlooked', 6)]);
    });
    const documents = await store.readModels.getDocuments(seen, ['made', 'never', 'again', 'unlooked']);
    expect(documents).toEqual([
      { id: 'again', document: { count: 4 }, ...place },
      { id: 'made', document: { count: 3 }, ...place },
      { id: 'unlooked', document: { count: 6 }, ...place },
    ]);
  });

  test('are written anew after an attempt that was taken back', async () => {
    await store.readModels.transaction(async transaction => {
      const attempt = transaction.attempt(async () => {
        await transaction.loadDocuments(seen, ['tried', 'other']);
        await transaction.saveDocuments(seen, [change('tried', 1)]);
        throw new Error('poison');
      });
      await expect(attempt).rejects.toThrow('poison');
      await transaction.saveDocuments(seen, [change('tried', 2), change('other', 2)]);
      await transaction.saveDocuments(seen, [change('tried', 3), change('other', 3)]);
    });
    const documents = await store.readModels.getDocuments(seen, ['tried', 'other']);
    expect(documents.map(({ document }) => document)).toEqual([{ count: 3 }, { count: 3 }]);
  });
});
