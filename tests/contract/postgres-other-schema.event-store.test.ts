import { afterAll, describe, test } from '@jest/globals';
import { eventStoreContract } from '../../src/infrastructure/testing/contract/event-store-contract.ts';
import { postgresStores } from '../support/stores.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('The event store on PostgreSQL, in a schema of another name', () => {
  for (const { name, run } of eventStoreContract()) test(name, () => run(stores.openEvents));
});
