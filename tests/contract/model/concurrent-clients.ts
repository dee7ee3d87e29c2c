import { deepStrictEqual, equal } from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { ExpectedVersion, StreamId } from '../../../src/domain/index.ts';
import type { EventStore } from '../../../src/application/ports/event-store.ts';
import { StreamVersionConflict } from '../../../src/application/ports/event-store-errors.ts';
import { findUnexplained } from './history.ts';
import type { Call, TimedCall } from './history.ts';

/** What a client does next; versions are said relative to the last one that it saw. */
type Plan =
  | { readonly do: 'read'; readonly stream: number }
  | {
      readonly do: 'append';
      readonly writes: readonly {
        stream: number;
        expect: 'any' | 'exists' | 'none' | number;
        events: number;
      }[];
    };

const clientCount = 8;
const callsPerClient = 25;
const streams = fc.nat({ max: 2 });
const expectations = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constant('any' as const) },
  { weight: 1, arbitrary: fc.constantFrom('exists' as const, 'none' as const, 1, -1) },
);
const writes = fc.record({ stream: streams, expect: expectations, events: fc.nat({ max: 2 }) });
const plans: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), stream: streams }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      writes: fc.uniqueArray(writes, { minLength: 1, maxLength: 2, selector: write => write.stream }),
    }),
  },
);
const clients = fc.array(fc.array(plans, { minLength: callsPerClient, maxLength: callsPerClient }), {
  ...{ minLength: clientCount, maxLength: clientCount },
});

/**
 * Lets eight clients at once append to three streams and read them, and looks for an order that explains all answers.
 *
 * `ANNALS_HISTORIES` says how many histories, `ANNALS_MODEL_SEED` which plans; how calls meet is chance.
 *
 * @param stores - shared by the clients in turn; they hold the same events
 */
export async function checkHistories(stores: readonly EventStore[], defaultCount: number): Promise<void> {
  const numRuns = Number(process.env.ANNALS_HISTORIES ?? defaultCount);
  const seed = Number(process.env.ANNALS_MODEL_SEED ?? randomInt(2 ** 31));
  for (const plan of fc.sample(clients, { seed, numRuns })) {
    try {
      await new History(stores).run(plan);
    } catch (error) {
      throw new Error(`A history of ANNALS_MODEL_SEED=${seed} went wrong: ${String(error)}`, {
        cause: error,
      });
    }
  }
}

class History {
  readonly #stores: readonly EventStore[];
  readonly #calls: TimedCall[] = [];
  readonly #run = randomUUID().slice(0, 13);
  /** The ids that were acknowledged, by stream and version. */
  readonly #acknowledged = new Map<string, string>();
  #moment = 0;

  constructor(stores: readonly EventStore[]) {
    this.#stores = stores;
  }

  async run(plan: readonly (readonly Plan[])[]): Promise<void> {
    await Promise.all(plan.map((own, client) => this.#act(client, own)));
    const unexplained = findUnexplained(this.#calls);
    if (unexplained !== undefined) throw new Error(`No order explains it.\n${this.#tell(unexplained)}`);
    await this.#compareStored();
  }

  async #act(client: number, plan: readonly Plan[]): Promise<void> {
    const store = this.#stores[client % this.#stores.length]!;
    const seen = new Map<string, number>();
    for (const next of plan) {
      const calledAt = this.#moment++;
      const call =
        next.do === 'read'
          ? await this.#read(store, next.stream)
          : await this.#append(store, next.writes, seen);
      this.#calls.push({ client, calledAt, answeredAt: this.#moment++, call });
      remember(call, seen);
    }
  }

  async #read(store: EventStore, index: number): Promise<Call> {
    return { do: 'read', stream: `s${index}`, version: await store.streamVersion(this.#stream(`s${index}`)) };
  }

  async #append(
    store: EventStore,
    plan: Extract<Plan, { do: 'append' }>['writes'],
    seen: ReadonlyMap<string, number>,
  ): Promise<Call> {
    const planned = plan.map(({ stream, expect, events }) => ({
      ...{ stream: `s${stream}`, events },
      expected: typeof expect === 'string' ? expect : Math.max(0, (seen.get(`s${stream}`) ?? 0) + expect),
    }));
    try {
      const results = await store.appendMany(planned.map(write => this.#streamAppend(write)));
      for (const { stream, version, eventIds } of results) {
        for (const [place, id] of eventIds.entries()) {
          this.#acknowledged.set(`${stream.aggregateId}:${version - eventIds.length + place + 1}`, id);
        }
      }
      return { do: 'append', writes: planned, outcome: { versions: results.map(result => result.version) } };
    } catch (error) {
      if (!(error instanceof StreamVersionConflict)) throw error;
      const { stream, actualVersion } = error;
      return { do: 'append', writes: planned, outcome: { stream: stream.aggregateId, actualVersion } };
    }
  }

  #streamAppend(write: {
    stream: string;
    expected: ExpectedVersion;
    events: number;
  }): Parameters<EventStore['append']>[0] {
    const event = { type: 'account.deposited', payload: { amount: 1 } };
    const events = Array.from({ length: write.events }, () => event);
    return { stream: this.#stream(write.stream), expectedVersion: write.expected, events };
  }

  #stream(name: string): StreamId {
    return { aggregateType: `history-${this.#run}`, aggregateId: name };
  }

  /* What is stored is what was acknowledged, with versions from 1 and no hole. */
  async #compareStored(): Promise<void> {
    const stored = new Map<string, string>();
    for (const name of ['s0', 's1', 's2']) {
      let version = 0;
      for await (const event of this.#stores[0]!.readStream(this.#stream(name))) {
        equal(event.version, ++version);
        stored.set(`${name}:${version}`, event.eventId);
      }
    }
    deepStrictEqual(new Map([...stored].sort()), new Map([...this.#acknowledged].sort()));
  }

  /* The calls up to the answer that nothing explains; earlier ones do not matter. */
  #tell(unexplained: TimedCall): string {
    const before = this.#calls.filter(call => call.calledAt <= unexplained.answeredAt).slice(-30);
    return [...before, unexplained]
      .map(
        ({ client, calledAt, answeredAt, call }) =>
          `${calledAt}-${answeredAt} client ${client}: ${JSON.stringify(call)}`,
      )
      .join('\n');
  }
}

function remember(call: Call, seen: Map<string, number>): void {
  if (call.do === 'read') seen.set(call.stream, call.version);
  else if ('actualVersion' in call.outcome) seen.set(call.outcome.stream, call.outcome.actualVersion);
  else
    for (const [index, { stream }] of call.writes.entries()) seen.set(stream, call.outcome.versions[index]!);
}
