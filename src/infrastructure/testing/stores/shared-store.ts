import type { Store, StoreFactory } from '../../../application/index.ts';

/** One store for several apps, which none of them closes. @param events - in the place of its own */
export function sharedStore(store: Store, events = store.events): StoreFactory {
  const { readModels, consumers, health } = store;
  return {
    open: async () => ({
      ...{ events, readModels, consumers, health },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  };
}
