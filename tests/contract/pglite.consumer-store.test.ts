import { afterAll, describe, test } from '@jest/globals';
import { consumerContract } from '../../src/infrastructure/testing/contract/consumer-contract.ts';
import { pgliteStores } from '../support/stores.ts';

const stores = await pgliteStores();
afterAll(() => stores.close());

describe('Consumers on PGlite', () => {
  for (const { name, run } of consumerContract()) test(name, () => run(() => stores.open()));
});
