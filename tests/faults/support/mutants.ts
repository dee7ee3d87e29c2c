import type pg from 'pg';

/** Breaks the order of a schema in one known way, so that a suite can show that it would notice. */
export type Mutant = (pool: pg.Pool, schema: string) => Promise<void>;

/** Writers say which positions they may take only after they have taken them. */
export const announcesAfterDrawing: Mutant = async (pool, schema) => {
  const source = await definitionOf(pool, schema, 'append_events');
  const { statement } = announcementIn(source);
  await pool.query(afterDrawing(source.replace(statement, ''), statement));
};

/** Writers lock the right bound, but only when their positions are taken already. */
export const locksAfterDrawing: Mutant = async (pool, schema) => {
  const source = await definitionOf(pool, schema, 'append_events');
  const { statement, bound } = announcementIn(source);
  const remember = `perform set_config('mutant.bound', (${bound})::text, true);`;
  const recall = statement.replace(bound, `current_setting('mutant.bound')::bigint`);
  await pool.query(afterDrawing(source.replace(statement, remember), recall));
};

/** Readers take what is visible for what is settled. */
export const trustsMaxPosition: Mutant = async (pool, schema) => {
  const source = await definitionOf(pool, schema, 'settled_position');
  firstMatch(source, /pg_locks/);
  await pool.query(`
    create or replace function ${schema}.settled_position() returns bigint language sql volatile
    as 'select coalesce(max(position), 0) from ${schema}.events'`);
};

async function definitionOf(pool: pg.Pool, schema: string, name: string): Promise<string> {
  const sql =
    'select pg_get_functiondef(p.oid) from pg_proc p where pronamespace = $1::regnamespace and proname = $2';
  const { rows } = await pool.query<[string]>({ text: sql, values: [schema, name], rowMode: 'array' });
  if (rows.length !== 1)
    throw new Error(`There are ${rows.length} functions ${schema}.${name}, and not one.`);
  return rows[0]![0];
}

function announcementIn(source: string): { statement: string; bound: string } {
  const pattern = /announced := pg_advisory_xact_lock_shared\(\s*\(tag << 48\) \| ([^;]*?)\s*\) is not null;/;
  return { statement: firstMatch(source, pattern), bound: pattern.exec(source)![1]! };
}

/* Behind the statement that stores events: their positions are drawn there or before. */
function afterDrawing(source: string, text: string): string {
  const storing = source.search(/insert into \w+\.events \(/);
  const end = source.indexOf(';', storing);
  if (storing < 0 || source.indexOf('nextval(') > end)
    throw new Error('append_events draws its positions in a way that this mutant does not know.');
  return `${source.slice(0, end + 1)} ${text} ${source.slice(end + 1)}`;
}

function firstMatch(source: string, pattern: RegExp): string {
  const found = pattern.exec(source)?.[0];
  if (found === undefined)
    throw new Error(`The mutant does not fit any more: nothing matches ${pattern.source}.`);
  return found;
}
