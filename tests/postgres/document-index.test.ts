import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DocumentQuery } from '../../src/application/ports/read-model-store.ts';
import { documentConditions } from '../../src/infrastructure/postgres/document-conditions.ts';
import { writeDocumentCursor } from '../../src/application/documents/document-cursor.ts';
import { sortKey } from '../../src/application/documents/sort-key.ts';
import { addBuild } from '../support/add-build.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

describe('A page of documents on PostgreSQL', () => {
  let stores: PostgresStores;
  let table: string;

  beforeAll(async () => {
    stores = await postgresStores({ ownDatabase: true });
    const { readModels } = await stores.open();
    table = `${stores.schema}.customers_v1_documents`;
    await addBuild(readModels, 'customers', { tables: 'documents' });
    await stores.pool.query(`
      insert into ${table}
      select 'c' || n, jsonb_build_object('cents', n % 1000, 'name', 'n' || n), 1, n from generate_series(1, 20000) n`);
    // As docs/how-to/read-models.md tells a team to do it.
    await stores.pool.query(`
      create index on ${table} (${stores.schema}.sort_key(document #> '{cents}'), id);
      analyze ${table};`);
  });

  afterAll(async () => stores.close());

  async function planOf(query: DocumentQuery): Promise<{ text: string; rowsRead: number }> {
    const { text, parameters } = documentConditions(query);
    const { rows } = await stores.pool.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, costs off, timing off, summary off) select id from ${table} ${text}`,
      [...parameters],
    );
    const plan = rows.map(row => row['QUERY PLAN']).join('\n');
    return { text: plan, rowsRead: Number(/Index.* rows=(\d+)/.exec(plan)?.[1] ?? Infinity) };
  }

  test.each(['asc', 'desc'] as const)('is read along an index of the team, %s', async direction => {
    const query: DocumentQuery = { orderBy: { field: 'cents', direction }, limit: 50 };
    const place = { key: sortKey(500), id: 'c9500' };
    for (const after of [undefined, writeDocumentCursor(query, place)]) {
      const { text, rowsRead } = await planOf({ ...query, after });
      expect(text).toContain('sort_key');
      expect(text).not.toContain('Sort');
      expect(rowsRead).toBeLessThanOrEqual(51);
    }
  });

  test('is read along the primary key where the id is the order', async () => {
    const query: DocumentQuery = { limit: 50 };
    const { text, rowsRead } = await planOf({
      ...query,
      after: writeDocumentCursor(query, { key: '', id: 'c9' }),
    });
    expect(text).toContain('customers_v1_documents_pkey');
    expect(rowsRead).toBeLessThanOrEqual(51);
  });
});
