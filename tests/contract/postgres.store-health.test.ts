import { afterAll, describe, test } from '@jest/globals';
import { storeHealthContract } from '../../src/infrastructure/testing/contract/store-health-contract.ts';
import { postgresStores } from '../support/stores.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('The health of a store on PostgreSQL', () => {
  for (const { name, run } of storeHealthContract()) test(name, () => run(() => stores.open()));
});
