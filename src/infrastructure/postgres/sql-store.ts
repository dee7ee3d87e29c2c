import type { Store, StoreServices } from '../../application/ports/store.ts';
import { migrate } from './migrate.ts';
import type { SqlClient } from './sql-client.ts';
import { SqlEventStore } from './sql-event-store.ts';
import type { WakeUpOptions } from './sql-event-store.ts';
import { SqlReadModelStore } from './sql-read-model-store.ts';
import { Statements } from './statements.ts';

/** Migrates the schema and opens events and read models over one client, which is closed with the store. */
export async function openSqlStore(
  client: SqlClient,
  services: StoreServices,
  schema: string | undefined,
  wakeUps: WakeUpOptions = {},
): Promise<Store> {
  try {
    const statements = new Statements(schema);
    await migrate(client, statements);
    const events = new SqlEventStore(client, statements, services, wakeUps);
    const readModels = new SqlReadModelStore(client, statements);
    return {
      events,
      readModels,
      async [Symbol.asyncDispose]() {
        await events[Symbol.asyncDispose]();
        await client[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}
