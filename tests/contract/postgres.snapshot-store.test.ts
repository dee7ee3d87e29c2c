import { afterAll, describe, test } from '@jest/globals';
import { snapshotStoreContract } from '../../src/infrastructure/testing/contract/snapshot-store-contract.ts';
import { postgresStores } from '../support/stores.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('Snapshots on PostgreSQL', () => {
  for (const { name, run } of snapshotStoreContract()) test(name, () => run(() => stores.open()));
});
