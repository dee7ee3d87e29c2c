import type { Class } from 'annals';
import { accountModule } from './contenders/account.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { EmmettLog } from './contenders/emmett.ts';
import { noOpProjector } from './contenders/projectors.ts';
import type { Benchmark, Case, Contender, Sample, Settings } from './harness/benchmark.ts';
import { fill } from './harness/fill.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { eventMetrics, timedEvents } from './harness/timed-events.ts';

const eventsPerStream = 10;
const timeoutMs = 10 * 60_000;

/** A projector that begins at the first event. */
export const catchUp: Benchmark = {
  name: 'catch-up',
  measures: 'a projector that stores nothing, from the first event to the last with its checkpoint stored',
  settings: { events: 200_000, peerEvents: 5_000 },
  tiny: { events: 2_000 },
  cases: settings => [catchUpCase(settings)],
};

function catchUpCase(settings: Settings): Case {
  const [events, peerEvents] = [Number(settings.events), Number(settings.peerEvents)];
  return {
    name: `${events.toLocaleString('en-US')} events; ${peerEvents.toLocaleString('en-US')} for peers`,
    metrics: eventMetrics,
    keepsData: true,
    contenders: [
      annals('Annals', events, startNew),
      annals('Annals, rebuild', events, rebuild),
      emmett('Emmett', peerEvents, {}),
      // What was found best for it: pages of a thousand, and hardly a pause between them.
      emmett('Emmett, at its best', peerEvents, { batchSize: 1_000, pullingFrequencyInMs: 1 }),
    ],
    goals: [
      { metric: 'events/s', against: 'Emmett', atLeast: 250 },
      { metric: 'events/s', against: 'Emmett, at its best', atLeast: 50 },
    ],
  };
}

type Catching = (database: ScratchDatabase, events: number, projector: Class) => Promise<Sample>;

/* An application that starts with a projector that it did not have before, until that has caught up. */
async function startNew(database: ScratchDatabase, events: number, projector: Class): Promise<Sample> {
  const opened: AnnalsLog[] = [];
  const sample = await timedEvents(database, events, async () => {
    const log = await AnnalsLog.onServer(database.url, [accountModule([projector])]);
    opened.push(log);
    const position = await log.events.settledPosition();
    await log.app.projections.waitFor(projector, position, { timeoutMs });
  });
  for (const log of opened) await log[Symbol.asyncDispose]();
  return sample;
}

async function rebuild(database: ScratchDatabase, events: number, projector: Class): Promise<Sample> {
  await using log = await AnnalsLog.onServer(database.url, [accountModule([projector])]);
  await log.app.projections.waitFor(projector, await log.events.settledPosition(), { timeoutMs });
  return await timedEvents(database, events, () => log.app.projections.rebuild(projector));
}

function annals(name: string, events: number, catching: Catching): Contender {
  let projectors = 0;
  return {
    name,
    kind: 'annals',
    async open(database) {
      await using log = await AnnalsLog.onServer(database.url);
      await fill(log, { streams: Math.ceil(events / eventsPerStream), eventsPerStream });
      await database.run('vacuum analyze');
      return {
        measure: () => catching(database, events, noOpProjector(`no_op_${++projectors}`)),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

interface Pulling {
  readonly batchSize?: number;
  readonly pullingFrequencyInMs?: number;
}

function emmett(name: string, events: number, pulling: Pulling): Contender {
  let processors = 0;
  return {
    name,
    kind: 'peer',
    async open(database) {
      const log = await EmmettLog.open(database.url);
      // One writer: of what several have written at the same time its consumer skips a part, and never ends.
      await fill(log, { streams: Math.ceil(events / eventsPerStream), eventsPerStream, writers: 1 });
      await database.run('vacuum analyze');
      return {
        measure: () => timedEvents(database, events, () => consumeAll(log, events, pulling, ++processors)),
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
      };
    },
  };
}

async function consumeAll(
  log: EmmettLog,
  events: number,
  pulling: Pulling,
  processor: number,
): Promise<void> {
  const consumer = log.store.consumer({ pulling });
  let seen = 0;
  consumer.reactor({
    processorId: `no-op-${processor}`,
    eachMessage: () => undefined,
    stopAfter: () => ++seen >= events,
  });
  await consumer.start();
  await consumer.close();
}
