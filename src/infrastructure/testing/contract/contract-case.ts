import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../application/ports/clock.ts';
import type { EventStore } from '../../../application/ports/event-store.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { StoreUnderTest } from './store-under-test.ts';

/**
 * Opens an event store for one contract case, which disposes it at its end.
 *
 * The store may hold events of earlier cases: each case uses names that occur nowhere else. Nobody else may
 * write to it while a case runs. It must take its time from `clock`.
 */
export type MakeEventStore = (options: { readonly clock: Clock }) => Promise<EventStore>;

/** One promise of a port, ready for any test runner: `test(name, () => run(makeStore))`. */
export interface ContractCase<Make = MakeEventStore> {
  readonly name: string;
  readonly run: (make: Make) => Promise<void>;
}

/** What a case does, with a store that it may use as it likes. */
export type CaseBody = (subject: StoreUnderTest) => Promise<void>;

/** Cases by name; each opens a store with a clock that stands still. */
export function storeCases(bodies: Readonly<Record<string, CaseBody>>): readonly ContractCase[] {
  return Object.entries(bodies).map(([name, body]) => ({ name, run: makeStore => runCase(body, makeStore) }));
}

async function runCase(body: CaseBody, makeStore: MakeEventStore): Promise<void> {
  const clock = new VirtualClock();
  const store = await makeStore({ clock });
  try {
    const startPosition = await store.settledPosition();
    await body(new StoreUnderTest(store, clock, startPosition, `case-${randomUUID().slice(0, 13)}`));
  } finally {
    await store[Symbol.asyncDispose]();
  }
}
