import type { ProjectionId, ProjectionTables } from '../../application/ports/read-model-store.ts';
import { AnnalsError } from '../../domain/index.ts';

/** A projector's name cannot be part of a table name. */
export class InvalidProjectorName extends AnnalsError {
  readonly code = 'invalid-projector-name';

  constructor(name: string) {
    super(
      `The projector name ${JSON.stringify(name)} is not usable, because its tables are named after it. ` +
        'Use up to 28 lower-case letters, digits and underscores (a table: 16), beginning with a letter.',
    );
  }
}

// PostgreSQL cuts names at 63 bytes. A rebuild builds under the projector's name and this; a projector cannot be called so.
const namePattern = /^[a-z][a-z0-9_]{0,27}(@rebuild)?$/;

/** A table of a projection, e.g. `annals.balances_v1_documents`; `documents` is the built-in one. */
export function tableName(schema: string, { name, version }: ProjectionId, table: string): string {
  if (!namePattern.test(name) || !/^[a-z][a-z0-9_]{0,15}$/.test(table)) throw new InvalidProjectorName(name);
  const owner = name.replace('@', '__');
  return `${schema}.${owner}_v${Math.trunc(version)}_${table}`;
}

/** Makes the tables of a projection. Teams may index and query document tables like any other. */
export function createTables(schema: string, projection: ProjectionId, tables: ProjectionTables): string {
  return Object.entries(columnsOf(tables))
    .map(
      ([table, columns]) =>
        `create table if not exists ${tableName(schema, projection, table)} (${columns});`,
    )
    .join('\n');
}

/** Removes the tables of a projection. */
export function dropTables(schema: string, projection: ProjectionId, tables: ProjectionTables): string {
  return Object.keys(columnsOf(tables))
    .map(table => `drop table if exists ${tableName(schema, projection, table)};`)
    .join('\n');
}

/** Gives the tables of `built` the names of those of `live`, which are dropped. */
export function replaceTables(
  schema: string,
  live: ProjectionId,
  built: ProjectionId,
  tables: ProjectionTables,
): string {
  const renames = Object.keys(columnsOf(tables)).map(table => {
    const name = tableName(schema, live, table).slice(schema.length + 1);
    return `alter table ${tableName(schema, built, table)} rename to ${name};`;
  });
  return [dropTables(schema, live, tables), ...renames].join('\n');
}

function columnsOf(tables: ProjectionTables): Readonly<Record<string, string>> {
  return tables === 'documents' ? { documents: documentColumns } : tables;
}

const documentColumns = `
  id text collate "C" primary key,
  document jsonb not null,
  version integer not null,
  position bigint not null`;
