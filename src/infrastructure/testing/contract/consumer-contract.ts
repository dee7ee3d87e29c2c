import { answerCases } from './answer-cases.ts';
import type { ContractCase } from './contract-case.ts';
import { ConsumersUnderTest } from './consumers-under-test.ts';
import type { StoreOfConsumers } from './consumers-under-test.ts';
import { consumerHistoryCases } from './consumer-history-cases.ts';
import { consumerParkingCases } from './consumer-parking-cases.ts';
import { processingCases } from './processing-cases.ts';
import { pullCases } from './pull-cases.ts';

/**
 * Opens a store of events and consumers for one contract case, which disposes it at its end.
 *
 * It may hold events and consumers of earlier cases: each case uses names that occur nowhere else.
 */
export type MakeConsumerStore = () => Promise<StoreOfConsumers & AsyncDisposable>;

/**
 * What a store of consumers promises, with the events that it hands out, as cases for any test runner:
 *
 *     for (const { name, run } of consumerContract()) test(name, () => run(makeStore));
 */
export function consumerContract(): readonly ContractCase<MakeConsumerStore>[] {
  const cases = {
    ...{ ...pullCases, ...answerCases, ...consumerParkingCases },
    ...{ ...processingCases, ...consumerHistoryCases },
  };
  return Object.entries(cases).map(([name, body]) => ({
    name,
    async run(make) {
      const store = await make();
      try {
        await body(new ConsumersUnderTest(store));
      } finally {
        await store[Symbol.asyncDispose]();
      }
    },
  }));
}
