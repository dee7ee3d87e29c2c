import { AnnalsError } from '../../domain/index.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { SqlClient, SqlRunner } from './sql-client.ts';
import { isUnreachable, sqlCode } from './sql-errors.ts';
import { InvalidSchemaName } from './statements.ts';
import type { Migration, Statements } from './statements.ts';

/** The schema was made by a newer release than this one. */
export class SchemaTooNew extends AnnalsError {
  readonly code = 'schema-too-new';
  readonly schema: string;
  readonly foundMigration: number;
  readonly knownMigration: number;

  constructor(schema: string, found: number, known: number) {
    super(
      `Schema "${schema}" is at migration ${found}, but this release of Annals knows up to ${known}. ` +
        'Nothing was changed. Deploy a release that is at least as new as the schema.',
    );
    this.schema = schema;
    this.foundMigration = found;
    this.knownMigration = known;
  }
}

/** The role may not create or change the schema. */
export class MissingRights extends AnnalsError {
  readonly code = 'missing-rights';
  readonly schema: string;

  constructor(schema: string, cause: unknown) {
    super(
      `The database role may not create or change schema "${schema}". ` +
        'Grant it CREATE on the database, or run the migrations with a role that has it.',
      { cause },
    );
    this.schema = schema;
  }
}

/** The server is older than the SQL that Annals uses. */
export class ServerTooOld extends AnnalsError {
  readonly code = 'server-too-old';
  readonly serverVersion: string;

  constructor(found: string) {
    super(`The server runs PostgreSQL ${found}, and Annals needs 14 or newer. Upgrade the server.`);
    this.serverVersion = found;
  }
}

/** Connections begin transactions at another isolation level than the one that the SQL of Annals is written for. */
export class UnsuitableIsolation extends AnnalsError {
  readonly code = 'unsuitable-isolation';
  readonly isolation: string;

  constructor(found: string) {
    super(
      `Connections to this database begin at isolation level "${found}". Annals locks and then reads what others have ` +
        'committed, which needs "read committed". Reset default_transaction_isolation for the role, the database or the ' +
        'connection string; transactions of your own can ask for another level.',
    );
    this.isolation = found;
  }
}

const leastServerVersion = 140_000;
// PostgreSQL reads no uncommitted rows; these two are one level.
const suitableIsolation: readonly (string | null | undefined)[] = ['read committed', 'read uncommitted'];

/**
 * Brings the schema to what this release needs; safe to run from any number of nodes at once.
 *
 * @throws {SchemaTooNew} another node runs a newer release
 * @throws {MissingRights} the role may not create the schema
 * @throws {ServerTooOld | UnsuitableIsolation} the server is not what the SQL of Annals is written for
 * @throws {StoreUnavailable} the server cannot be reached
 */
export async function migrate(client: SqlClient, statements: Statements): Promise<void> {
  try {
    await client.transaction(runner => migrateWithin(runner, statements));
  } catch (error) {
    if (sqlCode(error) === '42501') throw new MissingRights(statements.schema, error);
    if (isUnreachable(error))
      throw new StoreUnavailable(`The database could not be reached: ${(error as Error).message}.`, {
        cause: error,
      });
    throw error;
  }
}

async function migrateWithin(runner: SqlRunner, statements: Statements): Promise<void> {
  await requireServer(runner);
  const { schema } = statements;
  await requireUnreservedName(runner, schema);
  const migrations = statements.migrations();
  // The application's role need not be allowed to create anything once another role has migrated.
  if (missing(migrations, await appliedNumbers(runner, statements), schema).length === 0) return;
  // As a script, which may take its time: another node may be at it for long.
  await runner.runScript(
    `select pg_advisory_xact_lock(hashtext('annals migrations'), hashtext('${schema}'))`,
  );
  await runner.runScript(`
    create schema if not exists ${schema};
    create table if not exists ${schema}.migrations (
      number integer primary key, name text not null, applied_at timestamptz not null default now()
    );`);
  for (const { number, name, text } of missing(
    migrations,
    await appliedNumbers(runner, statements),
    schema,
  )) {
    await runner.runScript(text);
    await runner.run(statements.get('add_migration'), [number, name]);
  }
}

function missing(migrations: readonly Migration[], applied: readonly number[], schema: string): Migration[] {
  const known = migrations.at(-1)?.number ?? 0;
  const newest = applied.at(-1) ?? 0;
  if (newest > known) throw new SchemaTooNew(schema, newest, known);
  return migrations.filter(({ number }) => !applied.includes(number));
}

async function appliedNumbers(runner: SqlRunner, statements: Statements): Promise<number[]> {
  const text = 'select to_regclass($1)';
  const [table] = await runner.run({ text }, [`${statements.schema}.migrations`]);
  if (table?.[0] == null) return [];
  const rows = await runner.run(statements.get('applied_migrations'));
  return rows.map(([number]) => Number(number));
}

/* The name stands unquoted in every statement; only the server knows which words it would not take so. */
async function requireUnreservedName(runner: SqlRunner, schema: string): Promise<void> {
  const [row] = await runner.run({ text: 'select quote_ident($1)' }, [schema]);
  if (row?.[0] !== schema) throw new InvalidSchemaName(schema);
}

/*
 * Single statements are transactions at the default level, and none of them can ask for another. To set it on each new
 * connection would not reach the server's own connections behind a pooler.
 */
async function requireServer(runner: SqlRunner): Promise<void> {
  const text =
    "select current_setting('server_version_num'), current_setting('server_version'), current_setting('default_transaction_isolation')";
  const [row] = await runner.run({ text });
  if (Number(row?.[0]) < leastServerVersion) throw new ServerTooOld(row?.[1] ?? 'unknown');
  if (!suitableIsolation.includes(row?.[2])) throw new UnsuitableIsolation(row?.[2] ?? 'unknown');
}
