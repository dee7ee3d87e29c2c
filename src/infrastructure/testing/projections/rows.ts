import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type { ReadModelStore } from '../../../application/ports/read-model-store.ts';
import type { Projection } from '../../../projections/projection.ts';

/** What a projection has written: its documents by id, or the rows of its tables. */
export type Rows = Readonly<Record<string, unknown>>;

// More documents than a scenario can mean.
const mostDocuments = 10_000;

/** Reads everything that was written to `target`; rows of tables in the order of their content. */
export async function readRows(
  store: ReadModelStore,
  projection: Projection,
  target: ProjectionId,
): Promise<Rows> {
  if (projection.tables === 'documents') {
    const { documents } = await store.findDocuments(target, { limit: mostDocuments });
    return Object.fromEntries(documents.map(({ id, document }) => [id, document]));
  }
  const tables = Object.keys(projection.tables);
  return store.transaction(async ({ sql }) => {
    const rows: Record<string, unknown> = {};
    for (const table of tables) {
      rows[table] = inOrder(await sql!.query(`select * from ${sql!.table(target, table)}`));
    }
    return rows;
  });
}

/** Rows in an order that depends on nothing but their content. */
export function inOrder<Row extends object>(rows: readonly Row[]): readonly Row[] {
  const keyed = rows.map(row => ({
    row,
    key: JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))),
  }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
}
