import { afterAll, describe, test } from '@jest/globals';
import { storeHealthContract } from '../../src/infrastructure/testing/contract/store-health-contract.ts';
import { pgliteStores } from '../support/stores.ts';

const stores = await pgliteStores();
afterAll(() => stores.close());

describe('The health of a store on PGlite', () => {
  for (const { name, run } of storeHealthContract()) test(name, () => run(() => stores.open()));
});
