import { afterAll, describe, test } from '@jest/globals';
import { storeHealthContract } from '../../src/infrastructure/testing/contract/store-health-contract.ts';
import { memoryStores } from '../support/stores.ts';

const stores = memoryStores();
afterAll(() => stores.close());

describe('The health of a store in memory', () => {
  for (const { name, run } of storeHealthContract()) test(name, () => run(() => stores.open()));
});
