import { afterAll, describe, test } from '@jest/globals';
import { pgliteStores } from '../../support/stores.ts';
import { checkHistories } from './concurrent-clients.ts';
import { compareWithModel } from './event-store-model.ts';

const stores = await pgliteStores();
afterAll(() => stores.close());

describe('The event store on PGlite, beside the model', () => {
  test('gives the same answers to any sequence of steps', () => compareWithModel(stores.openEvents, 40));

  test('answers clients at the same time as if one came after another', async () => {
    await checkHistories([await stores.openEvents(), await stores.openEvents()], 5);
  });
});
