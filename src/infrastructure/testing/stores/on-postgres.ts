import type { StoreFactory } from '../../../application/index.ts';
import { PgClient } from '../../postgres/pg-client.ts';
import { postgres } from '../../postgres/postgres-store.ts';
import { silentLogger } from '../../system/console-logger.ts';
import { newSchemaName } from './new-schema-name.ts';

/**
 * A PostgreSQL server on which every scenario gets a schema of its own, dropped at its end.
 *
 * So scenarios may run side by side, and none has to clear away what another has left.
 *
 * @param url - `postgres://user:password@host/database`; the role may create schemas
 */
export function onPostgres(url: string): StoreFactory {
  return {
    async open(services) {
      const schema = newSchemaName();
      const store = await postgres(url, { schema, maxConnections: 4 }).open(services);
      return {
        ...store,
        async [Symbol.asyncDispose]() {
          await store[Symbol.asyncDispose]();
          await dropSchema(url, schema);
        },
      };
    },
  };
}

async function dropSchema(url: string, schema: string): Promise<void> {
  const client = new PgClient(url, silentLogger);
  try {
    await client.runScript(`drop schema if exists ${schema} cascade`);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}
