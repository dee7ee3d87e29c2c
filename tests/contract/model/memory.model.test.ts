import { afterAll, describe, test } from '@jest/globals';
import { memoryStores } from '../../support/stores.ts';
import { compareWithModel } from './event-store-model.ts';

const stores = memoryStores();
afterAll(() => stores.close());

describe('The event store in memory, beside the model', () => {
  test('gives the same answers to any sequence of steps', () => compareWithModel(stores.openEvents, 300));
});
