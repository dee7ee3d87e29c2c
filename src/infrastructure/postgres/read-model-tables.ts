import type { ProjectionId } from '../../application/ports/projection-states.ts';
import type { ProjectionTables } from '../../application/ports/read-model-store.ts';
import { AnnalsError } from '../../domain/index.ts';

/** A projector's name cannot be part of a table name. */
export class InvalidProjectorName extends AnnalsError {
  readonly code = 'invalid-projector-name';

  constructor(name: string) {
    super(
      `The projector name ${JSON.stringify(name)} is not usable, because its tables are named after it. ` +
        'Use up to 28 lower-case letters, digits and underscores (a table: 16), beginning with a letter and ' +
        'without a version, e.g. "_v2".',
    );
  }
}

// PostgreSQL cuts names at 63 bytes. Tables of a projector called "x_v1" would be called like those of "x".
const namePattern = /^(?!.*_v\d)[a-z][a-z0-9_]{0,27}$/;
const tablePattern = /^[a-z][a-z0-9_]{0,15}$/;

/** A table of a build, e.g. `annals.balances_v1_documents`; `documents` is the built-in one. */
export function tableName(schema: string, projection: ProjectionId, table: string): string {
  checkNames(projection.name, table);
  return `${schema}.${tablePrefix(projection)}${table}`;
}

/** What the names of a build's tables begin with, and no others'. */
export function tablePrefix({ name, version, generation }: ProjectionId): string {
  return generation === 1 ? `${name}_v${version}_` : `${name}_v${version}g${generation}_`;
}

/** The view that shows a table of whichever build is live, e.g. `annals.balances_documents`. */
export function viewName(schema: string, name: string, table: string): string {
  checkNames(name, table);
  return `${schema}.${name}_${table}`;
}

/** Has a view show a table. Of the same columns it keeps its grants, and what depends on it. */
export function replaceView(view: string, table: string): string {
  return `create or replace view ${view} as select * from ${table}`;
}

/** The same for other columns. */
export function renewView(view: string, table: string): string {
  return `drop view if exists ${view}; create view ${view} as select * from ${table}`;
}

/** The views that show tables of a projection's builds; `$1` the schema, `$2` the name. */
export const viewsOfProjection = `
  select distinct v.relname
  from pg_rewrite r
  join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass
  join pg_class v on v.oid = r.ev_class and v.relkind = 'v' and v.relnamespace = to_regnamespace($1)
  join pg_class t on t.oid = d.refobjid and t.relkind = 'r' and t.relnamespace = v.relnamespace
  where t.relname ~ ('^' || $2 || '_v[0-9]+(g[0-9]+)?_')
    and v.relname = $2 || '_' || regexp_replace(t.relname, '^' || $2 || '_v[0-9]+(g[0-9]+)?_', '')`;

/** The tables that a view, `$1`, shows and that are no build's of the projection `$2`. */
export const otherTablesOfView = `
  select distinct t.relname
  from pg_rewrite r
  join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
  join pg_class t on t.oid = d.refobjid and t.oid <> r.ev_class
  where r.ev_class = to_regclass($1) and t.relname !~ ('^' || $2 || '_v[0-9]+(g[0-9]+)?_')`;

/** The views that are built on a table or view, `$1`. */
export const dependentViews = `
  select distinct v.oid::regclass::text
  from pg_depend d
  join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
  join pg_class v on v.oid = r.ev_class
  where d.refclassid = 'pg_class'::regclass and d.refobjid = $1::regclass and v.oid <> d.refobjid`;

/** The indexes of a table that a team has added, as statements that add them to another build. */
export const addedIndexes = `
  select pg_get_indexdef(i.indexrelid)
  from pg_index i
  where i.indrelid = $1::regclass and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`;

/** Makes the tables of a projection. Teams may index and query document tables like any other. */
export function createTables(schema: string, projection: ProjectionId, tables: ProjectionTables): string {
  return Object.entries(columnsOf(tables))
    .map(
      ([table, columns]) =>
        `create table if not exists ${tableName(schema, projection, table)} (${columns});`,
    )
    .join('\n');
}

/** The tables of a build, whatever its projector declares today; `$1` the schema, `$2` the prefix of their names. */
export const tablesOfBuild =
  'select tablename from pg_tables where schemaname = $1 and starts_with(tablename, $2)';

/** The names of the tables of a projection. */
export function tablesOf(tables: ProjectionTables): readonly string[] {
  return Object.keys(columnsOf(tables));
}

function checkNames(name: string, table: string): void {
  if (!namePattern.test(name) || !tablePattern.test(table)) throw new InvalidProjectorName(name);
}

function columnsOf(tables: ProjectionTables): Readonly<Record<string, string>> {
  return tables === 'documents' ? { documents: documentColumns } : tables;
}

const documentColumns = `
  id text collate "C" primary key,
  document jsonb not null,
  version integer not null,
  position bigint not null`;
