import { afterAll, describe, test } from '@jest/globals';
import { readModelStoreContract } from '../../src/infrastructure/testing/contract/read-model-store-contract.ts';
import { pgliteStores } from '../support/stores.ts';

const stores = await pgliteStores();
afterAll(() => stores.close());

describe('The store of read models on PGlite', () => {
  for (const { name, run } of readModelStoreContract()) test(name, () => run(() => stores.open()));
});
