import { afterAll, describe, test } from '@jest/globals';
import { PgClient } from '../../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../../src/infrastructure/postgres/sql-store.ts';
import { silentLogger } from '../../../src/infrastructure/system/console-logger.ts';
import { postgresStores, testServices } from '../../support/stores.ts';
import { checkHistories } from './concurrent-clients.ts';
import { compareWithModel } from './event-store-model.ts';

const stores = await postgresStores();
afterAll(() => stores.close());

describe('The event store on PostgreSQL, beside the model', () => {
  test('gives the same answers to any sequence of steps', () => compareWithModel(stores.openEvents, 120));

  test('answers clients at the same time as if one came after another', async () => {
    await using first = await openAlone();
    await using second = await openAlone();
    await using third = await openAlone();
    await checkHistories([first.events, second.events, third.events], 5);
  });
});

/* A store with connections of its own, as another process would have it. */
async function openAlone(): ReturnType<typeof openSqlStore> {
  return openSqlStore(new PgClient(stores.url, silentLogger), testServices(), stores.schema);
}
