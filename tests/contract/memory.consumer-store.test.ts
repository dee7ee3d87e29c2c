import { afterAll, describe, test } from '@jest/globals';
import { consumerContract } from '../../src/infrastructure/testing/contract/consumer-contract.ts';
import { memoryStores } from '../support/stores.ts';

const stores = memoryStores();
afterAll(() => stores.close());

describe('Consumers in memory', () => {
  for (const { name, run } of consumerContract()) test(name, () => run(() => stores.open()));
});
