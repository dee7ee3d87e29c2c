import { afterAll, describe, test } from '@jest/globals';
import { consumerContract } from '../../src/infrastructure/testing/contract/consumer-contract.ts';
import { postgresStores } from '../support/stores.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('Consumers on PostgreSQL', () => {
  for (const { name, run } of consumerContract()) test(name, () => run(() => stores.open()));
});
