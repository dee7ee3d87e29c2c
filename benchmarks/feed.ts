import type { Recorded } from 'annals';
import { AnnalsLog } from './contenders/annals.ts';
import { connect } from './contenders/bare/connect.ts';
import { copyOut } from './contenders/bare/copy-out.ts';
import type { Benchmark, Case, Contender, Measurable, Settings } from './harness/benchmark.ts';
import { fill } from './harness/fill.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { eventMetrics, timedEvents } from './harness/timed-events.ts';

const eventsPerStream = 10;

/** The whole feed from the beginning. */
export const feed: Benchmark = {
  name: 'feed',
  measures: 'the whole feed from the beginning to its end, decoded to envelopes',
  settings: { events: 200_000, batchSize: 1_000 },
  tiny: { events: 2_000 },
  cases: settings => [feedCase(settings)],
};

function feedCase(settings: Settings): Case {
  const [events, batchSize] = [Number(settings.events), Number(settings.batchSize)];
  return {
    name: `${events.toLocaleString('en-US')} events, pages of ${batchSize.toLocaleString('en-US')}`,
    metrics: eventMetrics,
    keepsData: true,
    contenders: [
      annals('Annals', events, batchSize, countEvent),
      annals('Annals, payloads read', events, batchSize, readAmount),
      bareCopy(events),
    ],
    goals: [{ metric: 'events/s', against: 'copy of jsonb rows', atLeast: 0.9 }],
  };
}

function annals(
  name: string,
  events: number,
  batchSize: number,
  look: (event: Recorded) => number,
): Contender {
  const open = async (database: ScratchDatabase): Promise<Measurable> => {
    const log = await AnnalsLog.onServer(database.url);
    await fillFeed(log, database, events);
    const readAll = async (): Promise<void> => {
      let seen = 0;
      for await (const event of log.events.readFeed({ batchSize })) seen += look(event);
      if (seen < events) throw new Error(`The feed had ${seen} events, not ${events}.`);
    };
    return {
      measure: () => timedEvents(database, events, readAll),
      [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    };
  };
  return { name, kind: 'annals', open };
}

function countEvent(): number {
  return 1;
}

function readAmount(event: Recorded): number {
  return (event.payload as { amount: number }).amount > 0 ? 1 : 0;
}

/* The same rows with the payload as `jsonb`, sent as fast as PostgreSQL can and only counted here. */
function bareCopy(events: number): Contender {
  const open = async (database: ScratchDatabase): Promise<Measurable> => {
    await using log = await AnnalsLog.onServer(database.url);
    await fillFeed(log, database, events);
    const client = await connect(database.url);
    await client.query(`
      create table as_jsonb as
      select
        e.position, e.version, e.schema_version, e.event_id, e.event_type, e.recorded_at, e.correlation_id,
        e.causation_id, e.user_id, e.actor, e.payload::jsonb, e.metadata::jsonb, s.aggregate_type, s.aggregate_id
      from annals.events e join annals.streams s on s.stream_ref = e.stream_ref
      order by e.position`);
    const readAll = async (): Promise<void> => {
      let bytes = 0;
      await copyOut(client, 'copy as_jsonb to stdout', chunk => (bytes += chunk.length));
      if (bytes < events) throw new Error(`Only ${bytes} bytes came of ${events} events.`);
    };
    return {
      measure: () => timedEvents(database, events, readAll),
      [Symbol.asyncDispose]: () => client.end(),
    };
  };
  return { name: 'copy of jsonb rows', kind: 'bare', open };
}

/* Statistics and visibility as autovacuum leaves them, and not in the middle of a measurement. */
async function fillFeed(log: AnnalsLog, database: ScratchDatabase, events: number): Promise<void> {
  await fill(log, { streams: Math.ceil(events / eventsPerStream), eventsPerStream });
  await database.run('vacuum analyze');
}
