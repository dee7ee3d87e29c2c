import { setTimeout as wait } from 'node:timers/promises';
import { accountModule } from './contenders/account.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { EmmettLog } from './contenders/emmett.ts';
import type { EventLog } from './contenders/event-log.ts';
import { noOpProjector } from './contenders/projectors.ts';
import type { Benchmark, Case, Contender, Metric, Sample, Settings } from './harness/benchmark.ts';
import { sampleEvents } from './harness/workload.ts';

const metrics: readonly Metric[] = [
  { name: 'undelivered', better: 'lower' },
  { name: 'appended', better: 'higher' },
  { name: 'delivered', better: 'higher' },
];
const eventsPerAppend = 3;
const pollMs = 20;

/** Events that a running reader never gets. */
export const undelivered: Benchmark = {
  name: 'undelivered',
  measures:
    'events that a running projector never gets while 32 writers append; it counts, and no speed is compared',
  settings: { writers: 32, durationMs: 5_000, quietMs: 3_000 },
  tiny: { writers: 4, durationMs: 30, quietMs: 1_000 },
  cases: settings => [undeliveredCase(settings)],
};

function undeliveredCase(settings: Settings): Case {
  return {
    name: `${settings.writers} writers`,
    metrics,
    contenders: [
      annals('Annals', settings, 1),
      annals('Annals, an app each', settings, Number(settings.writers)),
      emmett(settings),
    ],
    goals: [{ metric: 'undelivered', atMost: 0 }],
  };
}

/* Writers of one app share calls; with an app each they commit in whatever order the server lets them. */
function annals(name: string, settings: Settings, apps: number): Contender {
  return {
    name,
    kind: 'annals',
    async open(database) {
      const delivered = new Set<string>();
      const projector = noOpProjector('counter', event => delivered.add(event.eventId));
      const reader = await AnnalsLog.onServer(database.url, [accountModule([projector])]);
      const writers: AnnalsLog[] = [];
      while (writers.length < apps)
        writers.push(await AnnalsLog.onServer(database.url, [], apps === 1 ? 10 : 1));
      return {
        measure: () => countUndelivered(writers, delivered, settings),
        [Symbol.asyncDispose]: async () => {
          await Promise.all([reader, ...writers].map(log => log[Symbol.asyncDispose]()));
        },
      };
    },
  };
}

function emmett(settings: Settings): Contender {
  return {
    name: 'Emmett',
    kind: 'peer',
    async open(database) {
      const delivered = new Set<string>();
      const log = await EmmettLog.open(database.url);
      const consumer = log.store.consumer({ pulling: { batchSize: 1_000, pullingFrequencyInMs: 1 } });
      consumer.reactor({
        processorId: 'counter',
        eachMessage: ({ metadata }) => void delivered.add(metadata.messageId),
      });
      const running = consumer.start();
      return {
        measure: () => countUndelivered([log], delivered, settings),
        [Symbol.asyncDispose]: async () => {
          await consumer.close();
          await running;
          await log[Symbol.asyncDispose]();
        },
      };
    },
  };
}

async function countUndelivered(
  logs: readonly EventLog[],
  delivered: ReadonlySet<string>,
  settings: Settings,
): Promise<Sample> {
  let appended = 0;
  const end = performance.now() + Number(settings.durationMs);
  const write = async (writer: number): Promise<void> => {
    for (let turn = 0; performance.now() < end; turn++) {
      await logs[writer % logs.length]!.append(`${writer}-${turn}`, 0, sampleEvents(eventsPerAppend, turn));
      appended += eventsPerAppend;
    }
  };
  await Promise.all(
    Array.from({ length: Number(settings.writers) }, async (_value, writer) => write(writer)),
  );
  await untilQuiet(delivered, appended, Number(settings.quietMs));
  return { undelivered: appended - delivered.size, appended, delivered: delivered.size };
}

/* Until all are there, or nothing more has come for so long that nothing will. */
async function untilQuiet(delivered: ReadonlySet<string>, appended: number, quietMs: number): Promise<void> {
  let [size, since] = [delivered.size, performance.now()];
  while (delivered.size < appended && performance.now() - since < quietMs) {
    await wait(pollMs);
    if (delivered.size > size) [size, since] = [delivered.size, performance.now()];
  }
}
