import type { ContractCase } from './contract-case.ts';
import { storeHealthCases } from './store-health-cases.ts';
import type { StoreWithHealth } from './store-health-cases.ts';

/**
 * Opens a store for one contract case, which disposes it at its end.
 *
 * It may hold events and read models of earlier cases. Nobody else may write to it while a case runs.
 */
export type MakeStoreWithHealth = () => Promise<StoreWithHealth & AsyncDisposable>;

/**
 * What a store promises to say of its own health, as cases for any test runner:
 *
 *     for (const { name, run } of storeHealthContract()) test(name, () => run(makeStore));
 */
export function storeHealthContract(): readonly ContractCase<MakeStoreWithHealth>[] {
  return Object.entries(storeHealthCases).map(([name, body]) => ({
    name,
    async run(make) {
      const store = await make();
      let closing: Promise<void> | undefined;
      const close = (): Promise<void> => (closing ??= Promise.resolve(store[Symbol.asyncDispose]()));
      try {
        await body(store, close);
      } finally {
        await close();
      }
    },
  }));
}
