/** "annals/postgres": event store and read models on a PostgreSQL server. */
export { SchemaTooNew, MissingRights, ServerTooOld, UnsuitableIsolation } from './migrate.ts';
export type { PgClientOptions } from './pg-client.ts';
export { UnsuitablePool } from './pg-pool.ts';
export type { PgAnswer, PgPool, PgPoolClient, PgQuery } from './pg-pool.ts';
export { postgres } from './postgres-store.ts';
export type { PostgresOptions } from './postgres-store.ts';
export { InvalidProjectorName } from './read-model-tables.ts';
export { AnswerTimedOut, TransactionRolledBack } from './sql-errors.ts';
export { InvalidSchemaName } from './statements.ts';
