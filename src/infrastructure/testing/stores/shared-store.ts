import type { Store, StoreFactory } from '../../../application/index.ts';

/** One store for several apps, which none of them closes. @param events - in the place of its own */
export function sharedStore(store: Store, events = store.events): StoreFactory {
  const { readModels, consumers, snapshots, health } = store;
  return {
    open: async () => ({
      ...{ events, readModels, consumers, snapshots, health },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  };
}
