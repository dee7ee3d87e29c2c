import { randomBytes } from 'node:crypto';
import type { ContractCase } from './contract-case.ts';
import { snapshotCases } from './snapshot-cases.ts';
import type { StoreOfSnapshots } from './snapshot-cases.ts';

/**
 * Opens a store of events and snapshots for one contract case, which disposes it at its end.
 *
 * It may hold events and snapshots of earlier cases: each case uses names that occur nowhere else.
 */
export type MakeSnapshotStore = () => Promise<StoreOfSnapshots & AsyncDisposable>;

/**
 * What a store of snapshots promises, as cases for any test runner:
 *
 *     for (const { name, run } of snapshotStoreContract()) test(name, () => run(makeStore));
 */
export function snapshotStoreContract(): readonly ContractCase<MakeSnapshotStore>[] {
  return Object.entries(snapshotCases).map(([name, body]) => ({
    name,
    async run(make) {
      const store = await make();
      try {
        await body(store, `case-${randomBytes(8).toString('hex')}`);
      } finally {
        await store[Symbol.asyncDispose]();
      }
    },
  }));
}
