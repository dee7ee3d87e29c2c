import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeSchema } from '../support/describe-schema.ts';
import { pgliteStores, postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const golden = fileURLToPath(new URL('golden/schema.sql', import.meta.url));

let stores: PostgresStores;

beforeAll(async () => {
  stores = await postgresStores();
  await stores.open();
});

afterAll(() => stores.close());

const describeOnServer = (): Promise<string> =>
  describeSchema(async sql => (await stores.pool.query(sql)).rows, stores.schema);

describe('The database schema', () => {
  // A difference that is meant: UPDATE_GOLDEN=1 npm test -- tests/architecture/schema, and commit the file.
  test('is the golden one', async () => {
    const actual = await describeOnServer();
    if (process.env.UPDATE_GOLDEN) await writeFile(golden, actual);
    expect(actual).toBe(await readFile(golden, 'utf8'));
  });

  test('is the same on PGlite', async () => {
    const embedded = await pgliteStores();
    await embedded.open();
    const actual = await describeSchema(
      async sql => (await embedded.database.query<Record<string, string>>(sql)).rows,
      embedded.schema,
    );
    await embedded.close();
    expect(actual).toBe(await describeOnServer());
  });
});
