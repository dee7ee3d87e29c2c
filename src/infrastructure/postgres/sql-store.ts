import type { Store, StoreServices } from '../../application/ports/store.ts';
import { CheckpointSignals } from './checkpoint-signals.ts';
import { migrate } from './migrate.ts';
import type { SqlClient } from './sql-client.ts';
import { SqlConsumerStore } from './sql-consumer-store.ts';
import { SqlEventStore } from './sql-event-store.ts';
import type { WakeUpOptions } from './sql-event-store.ts';
import { SqlReadModelStore } from './sql-read-model-store.ts';
import { SqlSnapshotStore } from './sql-snapshot-store.ts';
import { SqlStoreHealth } from './sql-store-health.ts';
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
    const signals = new CheckpointSignals(client, statements, wakeUps);
    const readModels = new SqlReadModelStore(client, statements, signals);
    return {
      events,
      readModels,
      consumers: new SqlConsumerStore(client, statements),
      snapshots: new SqlSnapshotStore(client, statements),
      health: new SqlStoreHealth(client, statements, events),
      async [Symbol.asyncDispose]() {
        await events[Symbol.asyncDispose]();
        await signals[Symbol.asyncDispose]();
        await client[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}
