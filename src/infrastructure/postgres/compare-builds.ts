import type { ProjectionId } from '../../application/ports/projection-states.ts';
import type {
  Comparison,
  ComparisonOptions,
  TableComparison,
} from '../../application/ports/read-model-store.ts';
import { tableName, tablesOf } from './read-model-tables.ts';
import type { SqlRunner } from './sql-client.ts';

/** What to compare, and how. */
export interface BuildsToCompare extends ComparisonOptions {
  readonly live: ProjectionId;
  readonly built: ProjectionId;
}

type Tables = readonly [live: string, built: string];

/** Compares the tables that both builds have. */
export async function compareBuilds(
  runner: SqlRunner,
  schema: string,
  { live, built, tables, ...how }: BuildsToCompare,
): Promise<Comparison> {
  const compared: Record<string, TableComparison> = {};
  for (const table of tablesOf(tables)) {
    const both: Tables = [tableName(schema, live, table), tableName(schema, built, table)];
    // Another version may have other tables, and this may be the code of either.
    const [exists] = await runner.run({ text: 'select to_regclass($1), to_regclass($2)' }, both);
    if (exists!.includes(null)) continue;
    const counts = await countRows(runner, both);
    const found =
      tables === 'documents'
        ? await compareDocuments(runner, both, how)
        : how.through === undefined
          ? await compareRows(runner, both, how.sample, counts.liveRows)
          : { compared: 0, different: 0, examples: [] };
    compared[table] = { ...counts, ...found };
  }
  // Where documents come and go meanwhile, one that is missing counts as different already.
  const countsMayDiffer = tables === 'documents' && how.through !== undefined;
  const isSame = Object.values(compared).every(
    ({ liveRows, builtRows, different }) => different === 0 && (countsMayDiffer || liveRows === builtRows),
  );
  return { tables: compared, isSame };
}

type Differences = Pick<TableComparison, 'compared' | 'different' | 'examples'>;

async function countRows(
  runner: SqlRunner,
  [live, built]: Tables,
): Promise<Pick<TableComparison, 'liveRows' | 'builtRows'>> {
  const text = `select (select count(*) from ${live}), (select count(*) from ${built})`;
  const [row] = await runner.run({ text });
  return { liveRows: Number(row![0]), builtRows: Number(row![1]) };
}

/* By id; a sample is taken from both sides, so that what only one of them has is found too. */
async function compareDocuments(
  runner: SqlRunner,
  [live, built]: Tables,
  { sample, through }: Pick<ComparisonOptions, 'sample' | 'through'>,
): Promise<Differences> {
  const idsOf = (table: string): string =>
    sample === undefined
      ? `select id from ${table}`
      : `(select id from ${table} order by random() limit ${Math.trunc(sample)})`;
  const text = `
    with ids as (${idsOf(live)} union ${idsOf(built)}), compared as (
      select id,
        l.document is distinct from b.document and not (
          greatest(l.position, b.position) > $1::bigint and l.position is distinct from b.position
        ) as is_different
      from ids left join ${live} l using (id) left join ${built} b using (id)
    )
    select count(*), count(*) filter (where is_different),
      coalesce((select json_agg(id) from (
        select id from compared where is_different order by id limit 10
      ) examples), '[]')
    from compared`;
  const position = through === undefined || through === Infinity ? Number.MAX_SAFE_INTEGER : through;
  return readDifferences(await runner.run({ text }, [position]));
}

/* A row is told by all that it contains; a sample is the same on both sides. */
async function compareRows(
  runner: SqlRunner,
  [live, built]: Tables,
  sample: number | undefined,
  rows: number,
): Promise<Differences> {
  const oneIn = sample === undefined ? 1 : Math.max(1, Math.floor(rows / Math.max(1, sample)));
  const rowsOf = (table: string): string =>
    `select to_jsonb(t) as row from ${table} t where (hashtext(to_jsonb(t)::text) & 2147483647) % $1 = 0`;
  const text = `
    with live as (${rowsOf(live)}), built as (${rowsOf(built)}),
    different as (
      (select * from live except all select * from built) union all (select * from built except all select * from live)
    )
    select (select count(*) from live), (select count(*) from different),
      (select coalesce(json_agg(row::text), '[]') from (select row from different limit 10) examples)`;
  return readDifferences(await runner.run({ text }, [oneIn]));
}

function readDifferences(rows: readonly (readonly (string | null)[])[]): Differences {
  const [compared, different, examples] = rows[0]!;
  return {
    compared: Number(compared),
    different: Number(different),
    examples: JSON.parse(examples!) as string[],
  };
}
