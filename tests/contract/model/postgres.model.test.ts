import { afterAll, describe, test } from '@jest/globals';
import { postgresStores } from '../../support/stores.ts';
import { compareWithModel } from './event-store-model.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('The event store on PostgreSQL, beside the model', () => {
  test('gives the same answers to any sequence of steps', () => compareWithModel(stores.openEvents, 120));
});
