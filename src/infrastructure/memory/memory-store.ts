import type { Store, StoreFactory } from '../../application/ports/store.ts';
import { MemoryConsumerStore } from './memory-consumer-store.ts';
import { MemoryEventStore } from './memory-event-store.ts';
import { MemoryOperations } from './memory-operations.ts';
import { MemoryStoreHealth } from './memory-store-health.ts';
import { MemoryReadModelStore } from './memory-read-model-store.ts';
import { MemorySnapshotStore } from './memory-snapshot-store.ts';

/** Keeps everything in memory, for tests and trials; it is gone when the process ends. */
export function memory(): StoreFactory {
  return {
    async open({ clock, ids }): Promise<Store> {
      const operations = new MemoryOperations();
      const readModels = new MemoryReadModelStore(operations);
      const events = new MemoryEventStore({ clock, ids }, readModels);
      readModels.readEventsFrom(events);
      const consumers = new MemoryConsumerStore(clock, operations);
      const health = new MemoryStoreHealth({ events, readModels, clock });
      return {
        ...{ events, readModels, consumers, health, snapshots: new MemorySnapshotStore() },
        [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
      };
    },
  };
}
