/** "annals/memory": event store and read models in memory, for tests and trials. */
export { MemoryEventStore } from './memory-event-store.ts';
export type { InlineTransactions, MemoryEventStoreOptions } from './memory-event-store.ts';
export { SqlNeeded } from './memory-projection-states.ts';
export { MemoryReadModelStore } from './memory-read-model-store.ts';
export { memory } from './memory-store.ts';
