import { afterAll, describe, test } from '@jest/globals';
import { eventStoreContract } from '../../src/infrastructure/testing/contract/event-store-contract.ts';
import { pgliteStores } from '../support/stores.ts';

const stores = await pgliteStores();
afterAll(() => stores.close());

describe('The event store on PGlite', () => {
  for (const { name, run } of eventStoreContract()) test(name, () => run(stores.openEvents));
});
