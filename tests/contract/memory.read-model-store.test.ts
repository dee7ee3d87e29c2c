import { afterAll, describe, test } from '@jest/globals';
import { readModelStoreContract } from '../../src/infrastructure/testing/contract/read-model-store-contract.ts';
import { memoryStores } from '../support/stores.ts';

const stores = memoryStores();
afterAll(() => stores.close());

describe('The store of read models in memory', () => {
  for (const { name, run } of readModelStoreContract()) test(name, () => run(() => stores.open()));
});
