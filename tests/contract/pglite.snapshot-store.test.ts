import { afterAll, describe, test } from '@jest/globals';
import { snapshotStoreContract } from '../../src/infrastructure/testing/contract/snapshot-store-contract.ts';
import { pgliteStores } from '../support/stores.ts';

const stores = await pgliteStores();
afterAll(() => stores.close());

describe('Snapshots on PGlite', () => {
  for (const { name, run } of snapshotStoreContract()) test(name, () => run(() => stores.open()));
});
