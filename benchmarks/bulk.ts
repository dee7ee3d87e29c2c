import type pg from 'pg';
import { AnnalsLog, annalsStream } from './contenders/annals.ts';
import { copyIn } from './contenders/bare/copy-in.ts';
import { copyOut } from './contenders/bare/copy-out.ts';
import { connect } from './contenders/bare/connect.ts';
import type { Benchmark, Case, Contender, Settings } from './harness/benchmark.ts';
import { fill } from './harness/fill.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { eventMetrics, timedEvents } from './harness/timed-events.ts';
import { sampleEvents } from './harness/workload.ts';

const eventsPerStream = 10;

/** Many events at once. */
export const bulk: Benchmark = {
  name: 'bulk',
  measures:
    'many events in as few calls as possible, beside COPY of the same rows into the same table and indexes',
  settings: { events: 100_000, eventsPerCall: 5_000, callsInFlight: 2 },
  tiny: { events: 2_000, eventsPerCall: 1_000 },
  cases: settings => [bulkCase(settings)],
};

function bulkCase(settings: Settings): Case {
  const events = Number(settings.events);
  return {
    name: `${events.toLocaleString('en-US')} events in streams of ${eventsPerStream}`,
    metrics: eventMetrics,
    contenders: [annals(events, settings), bareCopy(events)],
    goals: [{ metric: 'events/s', against: 'copy from', atLeast: 0.75 }],
  };
}

function annals(events: number, settings: Settings): Contender {
  return {
    name: 'Annals',
    kind: 'annals',
    async open(database) {
      const log = await AnnalsLog.onServer(database.url);
      const calls = callsFor(events, Number(settings.eventsPerCall));
      const append = async (): Promise<void> => {
        for (let call = calls.pop(); call !== undefined; call = calls.pop())
          await log.events.appendMany(call);
      };
      const appendAll = (): Promise<unknown> =>
        Promise.all(Array.from({ length: Number(settings.callsInFlight) }, append));
      return {
        measure: () => timedEvents(database, events, appendAll),
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
      };
    },
  };
}

type StreamAppends = Parameters<AnnalsLog['events']['appendMany']>[0];

function callsFor(events: number, eventsPerCall: number): StreamAppends[] {
  const streamsPerCall = Math.max(1, Math.floor(eventsPerCall / eventsPerStream));
  const appends = Array.from({ length: Math.ceil(events / eventsPerStream) }, (_value, stream) => ({
    stream: annalsStream(String(stream)),
    expectedVersion: 0,
    events: sampleEvents(eventsPerStream, stream * eventsPerStream),
  }));
  const calls: StreamAppends[] = [];
  while (appends.length > 0) calls.push(appends.splice(0, streamsPerCall));
  return calls;
}

/* One transaction and one flush for all: nothing is faster, and nothing can be refused one by one. */
function bareCopy(events: number): Contender {
  return {
    name: 'copy from',
    kind: 'bare',
    async open(database) {
      const client = await connect(database.url);
      const chunks = await rowsOf(database, client, events);
      await client.query('create schema bare; create table bare.events (like annals.events including all)');
      return {
        measure: () =>
          timedEvents(database, events, () => copyIn(client, 'copy bare.events from stdin', chunks)),
        [Symbol.asyncDispose]: () => client.end(),
      };
    },
  };
}

/* The rows that Annals stores for these events, as COPY sends them. */
async function rowsOf(database: ScratchDatabase, client: pg.Client, events: number): Promise<Buffer[]> {
  await using log = await AnnalsLog.onServer(database.url);
  await fill(log, { streams: Math.ceil(events / eventsPerStream), eventsPerStream });
  const chunks: Buffer[] = [];
  // The driver reads into a buffer that it uses again.
  await copyOut(client, 'copy annals.events to stdout', chunk => chunks.push(Buffer.from(chunk)));
  return chunks;
}
