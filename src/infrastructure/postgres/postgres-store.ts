import type { StoreFactory } from '../../application/ports/store.ts';
import { PgClient } from './pg-client.ts';
import type { PgClientOptions } from './pg-client.ts';
import type { PgPool } from './pg-pool.ts';
import type { WakeUpOptions } from './sql-event-store.ts';
import { openSqlStore } from './sql-store.ts';

/** Options of a store on a PostgreSQL server. */
export interface PostgresOptions extends PgClientOptions, WakeUpOptions {
  /** Where the tables are; default `annals`. */
  readonly schema?: string | undefined;
}

/**
 * Keeps everything on a PostgreSQL server, version 14 or newer; the schema is made on first use.
 *
 * @param target - `postgres://user:password@host/database`, or a `pg` pool that stays the caller's to end
 * @throws {UnsuitablePool} when it is opened with what is neither
 */
export function postgres(target: string | PgPool, options: PostgresOptions = {}): StoreFactory {
  return {
    open: async services =>
      openSqlStore(new PgClient(target, services.logger, options), services, options.schema, options),
  };
}
