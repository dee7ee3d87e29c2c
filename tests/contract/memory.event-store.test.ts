import { describe, test } from '@jest/globals';
import { eventStoreContract } from '../../src/infrastructure/testing/contract/event-store-contract.ts';
import { memoryStores } from '../support/stores.ts';

const stores = memoryStores();

describe('The event store in memory', () => {
  for (const { name, run } of eventStoreContract()) test(name, () => run(stores.openEvents));
});
