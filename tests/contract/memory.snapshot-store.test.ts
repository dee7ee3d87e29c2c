import { afterAll, describe, test } from '@jest/globals';
import { snapshotStoreContract } from '../../src/infrastructure/testing/contract/snapshot-store-contract.ts';
import { memoryStores } from '../support/stores.ts';

const stores = memoryStores();
afterAll(() => stores.close());

describe('Snapshots in memory', () => {
  for (const { name, run } of snapshotStoreContract()) test(name, () => run(() => stores.open()));
});
