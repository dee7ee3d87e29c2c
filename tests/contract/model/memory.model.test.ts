import { afterAll, describe, test } from '@jest/globals';
import { memoryStores } from '../../support/stores.ts';
import { checkHistories } from './concurrent-clients.ts';
import { compareWithModel } from './event-store-model.ts';

const stores = memoryStores();
afterAll(() => stores.close());

describe('The event store in memory, beside the model', () => {
  test('gives the same answers to any sequence of steps', () => compareWithModel(stores.openEvents, 300));

  test('answers clients at the same time as if one came after another', async () => {
    await checkHistories([await stores.openEvents()], 20);
  });
});
