import type { Store, StoreFactory } from '../../application/ports/store.ts';
import { MemoryConsumerStore } from './memory-consumer-store.ts';
import { MemoryEventStore } from './memory-event-store.ts';
import { MemoryStoreHealth } from './memory-store-health.ts';
import { MemoryReadModelStore } from './memory-read-model-store.ts';

/** Keeps everything in memory, for tests and trials; it is gone when the process ends. */
export function memory(): StoreFactory {
  return {
    async open({ clock, ids }): Promise<Store> {
      const readModels = new MemoryReadModelStore();
      const events = new MemoryEventStore({ clock, ids }, readModels);
      readModels.readEventsFrom(events);
      const consumers = new MemoryConsumerStore(clock);
      const health = new MemoryStoreHealth({ events, readModels, clock });
      return {
        ...{ events, readModels, consumers, health },
        [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
      };
    },
  };
}
