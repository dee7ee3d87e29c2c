import { accountModule } from './contenders/account.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { EmmettLog } from './contenders/emmett.ts';
import type { EventLog } from './contenders/event-log.ts';
import { noOpProjector } from './contenders/projectors.ts';
import type {
  Benchmark,
  Case,
  Contender,
  Measurable,
  Metric,
  Sample,
  Settings,
} from './harness/benchmark.ts';
import { Signal } from './harness/signal.ts';
import { percentile } from './harness/statistics.ts';
import { sampleEvents } from './harness/workload.ts';

const metrics: readonly Metric[] = [
  { name: 'p50', better: 'lower' },
  { name: 'p99', better: 'lower' },
  { name: 'max', better: 'lower' },
];

/** From the beginning of an append until a projector has the event, with nothing else going on. */
export const latency: Benchmark = {
  name: 'latency',
  measures: 'milliseconds from the beginning of an append until an idle projector has the event',
  settings: { events: 300, peerEvents: 10, pauseMs: 2 },
  tiny: { events: 3, pauseMs: 0 },
  cases: settings => [latencyCase(settings)],
};

function latencyCase(settings: Settings): Case {
  const events = Number(settings.events);
  return {
    name: `${events} events one after the other; ${settings.peerEvents} for peers`,
    metrics,
    contenders: [
      annals('Annals', settings, false),
      annals('Annals, appended by another app', settings, true),
      emmett(settings),
    ],
    goals: [
      { metric: 'p50', atMost: 1 },
      { metric: 'p99', atMost: 5 },
    ],
  };
}

/*
 * The other app shares nothing with this one but the database; in a process of its own it would have another clock.
 */
function annals(name: string, settings: Settings, isByAnother: boolean): Contender {
  return {
    name,
    kind: 'annals',
    async open(database) {
      const arrivals = new Signal<string>();
      const projector = noOpProjector('arrivals', event => arrivals.tell(event.aggregateId));
      const reader = await AnnalsLog.onServer(database.url, [accountModule([projector])]);
      const writer = isByAnother ? await AnnalsLog.onServer(database.url) : reader;
      return {
        measure: () => latencies(writer, arrivals, Number(settings.events), Number(settings.pauseMs)),
        [Symbol.asyncDispose]: async () => {
          if (isByAnother) await writer[Symbol.asyncDispose]();
          await reader[Symbol.asyncDispose]();
        },
      };
    },
  };
}

function emmett(settings: Settings): Contender {
  const open: Contender['open'] = async database => {
    const arrivals = new Signal<string>();
    const log = await EmmettLog.open(database.url);
    const consumer = log.store.consumer();
    consumer.reactor({
      processorId: 'arrivals',
      eachMessage: ({ metadata }) => arrivals.tell(metadata.streamName.replace('account-', '')),
    });
    const running = consumer.start();
    const measurable: Measurable = {
      measure: () => latencies(log, arrivals, Number(settings.peerEvents), Number(settings.pauseMs)),
      [Symbol.asyncDispose]: async () => {
        await consumer.close();
        await running;
        await log[Symbol.asyncDispose]();
      },
    };
    return measurable;
  };
  return { name: 'Emmett', kind: 'peer', open };
}

async function latencies(
  writer: EventLog,
  arrivals: Signal<string>,
  count: number,
  pauseMs: number,
): Promise<Sample> {
  const durationsMs: number[] = [];
  const events = sampleEvents(1);
  for (let index = 0; index < count; index++) {
    const arrival = arrivals.next();
    const start = performance.now();
    await writer.append(String(index), 0, events);
    if ((await arrival) !== String(index)) throw new Error(`Event ${index} was overtaken by another.`);
    durationsMs.push(performance.now() - start);
    // The checkpoint is stored after the event was handed over; whoever is idle has done that.
    await new Promise(resolve => setTimeout(resolve, pauseMs));
  }
  return {
    p50: percentile(durationsMs, 0.5),
    p99: percentile(durationsMs, 0.99),
    max: Math.max(...durationsMs),
  };
}
