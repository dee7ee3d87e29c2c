import { afterAll, describe, test } from '@jest/globals';
import { readModelStoreContract } from '../../src/infrastructure/testing/contract/read-model-store-contract.ts';
import { postgresStores } from '../support/stores.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('The store of read models on PostgreSQL', () => {
  for (const { name, run } of readModelStoreContract()) test(name, () => run(() => stores.open()));
});
