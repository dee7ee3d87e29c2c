import type { EventStore } from '../../../application/ports/event-store.ts';
import type { ReadModelStore } from '../../../application/ports/read-model-store.ts';
import { checkpointCases } from './checkpoint-cases.ts';
import { comparisonCases } from './comparison-cases.ts';
import type { ContractCase } from './contract-case.ts';
import { documentCases } from './document-cases.ts';
import { documentQueryCases } from './document-query-cases.ts';
import { inlineCases } from './inline-cases.ts';
import { parkedCases } from './parked-cases.ts';
import { ReadModelsUnderTest } from './read-models-under-test.ts';
import { sqlSessionCases } from './sql-session-cases.ts';

/**
 * Opens a store of read models for one contract case, with the events beside it, which disposes it at its end.
 *
 * It may hold read models of earlier cases: each case uses builds, streams and nodes that occur nowhere else.
 */
export type MakeReadModelStore = () => Promise<
  { readonly events: EventStore; readonly readModels: ReadModelStore } & AsyncDisposable
>;

/**
 * What a store of read models promises of documents, tables, transactions, claims, checkpoints, parked events, inline
 * projections and the comparison of builds, as cases for any test runner:
 *
 *     for (const { name, run } of readModelStoreContract()) test(name, () => run(makeStore));
 *
 * What only a database can break (lost connections, kills, other processes) needs tests of the adapter's own.
 */
export function readModelStoreContract(): readonly ContractCase<MakeReadModelStore>[] {
  const cases = {
    ...{ ...documentCases, ...documentQueryCases, ...checkpointCases, ...sqlSessionCases },
    ...{ ...parkedCases, ...inlineCases, ...comparisonCases },
  };
  return Object.entries(cases).map(([name, body]) => ({
    name,
    async run(make) {
      const store = await make();
      const subject = new ReadModelsUnderTest(store);
      try {
        await body(subject);
        await subject.removeBuilds();
      } finally {
        await store[Symbol.asyncDispose]();
      }
    },
  }));
}
