import { appendOperation } from './append.ts';
import { Account, accountModule } from './contenders/account.ts';
import { AnnalsLog, annalsStream } from './contenders/annals.ts';
import type { EventLog } from './contenders/event-log.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Metric, Sample, Settings } from './harness/benchmark.ts';
import { closedLoop } from './harness/closed-loop.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { sampleEvents } from './harness/workload.ts';

const metrics: readonly Metric[] = [
  { name: 'appendsKept', better: 'higher' },
  { name: 'appendCpuGrew', better: 'lower' },
  { name: 'loadGrew', better: 'lower' },
  { name: 'appendsBefore', better: 'higher' },
  { name: 'appendsAfter', better: 'higher' },
  { name: 'loadMsBefore', better: 'lower' },
  { name: 'loadMsAfter', better: 'lower' },
];
const eventsPerStream = 10;
const streamsPerCall = 500;
const loadedStreams = 20;

/** A log that grows. */
export const growth: Benchmark = {
  name: 'growth',
  measures:
    'the speed of appends and of loads of 10 events that a log keeps when it grows; --set events=100000,10000000',
  settings: { events: '100000,1000000', callers: 128, warmUpMs: 500, durationMs: 3_000 },
  tiny: { events: '300,600', callers: 4, warmUpMs: 0, durationMs: 30 },
  cases: settings => [growthCase(settings)],
};

function growthCase(settings: Settings): Case {
  const [from = 0, to = 0] = numbersOf(settings.events);
  return {
    name: `${from.toLocaleString('en-US')} → ${to.toLocaleString('en-US')} events`,
    metrics,
    contenders: [
      {
        name: 'Annals',
        kind: 'annals',
        async open(database) {
          const log = await AnnalsLog.onServer(database.url, [accountModule()]);
          return {
            measure: () => grow(database, log, { from, to, settings }),
            [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
          };
        },
      },
    ],
    goals: [
      { metric: 'appendsKept', atLeast: 0.95 },
      { metric: 'loadGrew', atMost: 1.2 },
    ],
  };
}

interface Growth {
  readonly from: number;
  readonly to: number;
  readonly settings: Settings;
}

async function grow(database: ScratchDatabase, log: AnnalsLog, growth: Growth): Promise<Sample> {
  await fillUpTo(log, 0, growth.from);
  const before = await measureAt(database, log, growth, 'before');
  await fillUpTo(log, growth.from, growth.to);
  const after = await measureAt(database, log, growth, 'after');
  return {
    appendsKept: after.appends / before.appends,
    appendCpuGrew: after.appendCpu / before.appendCpu,
    loadGrew: after.loadMs / before.loadMs,
    ...{ appendsBefore: before.appends, appendsAfter: after.appends },
    ...{ loadMsBefore: before.loadMs, loadMsAfter: after.loadMs },
  };
}

async function measureAt(
  database: ScratchDatabase,
  log: AnnalsLog,
  { settings }: Growth,
  when: string,
): Promise<{ readonly appends: number; readonly appendCpu: number; readonly loadMs: number }> {
  const times = { warmUpMs: Number(settings.warmUpMs), durationMs: Number(settings.durationMs) };
  await database.run('vacuum analyze');
  await database.settle();
  const operation = appendOperation(inStreamsNamed(log, when), 'new');
  const callers = Number(settings.callers);
  const { rate, nodeCpu, postgresCpu = 0 } = await closedLoop(database, { callers, ...times }, operation);
  // The first streams: old ones, but read before, so that they are cached.
  const load = (_caller: number, turn: number): Promise<unknown> =>
    log.app.replay.rebuildAggregate(Account, `filled-${turn % loadedStreams}`);
  const { p50 } = await closedLoop(database, { callers: 1, ...times }, load);
  return { appends: rate!, appendCpu: nodeCpu! + postgresCpu, loadMs: p50! };
}

/* Names that no stream had when this was measured before. */
function inStreamsNamed(log: AnnalsLog, prefix: string): EventLog {
  return {
    append: (id, version, events) => log.append(`${prefix}-${id}`, version, events),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}

async function fillUpTo(log: AnnalsLog, from: number, to: number): Promise<void> {
  for (let events = from; events < to; events += streamsPerCall * eventsPerStream) {
    const streams = Math.min(streamsPerCall, Math.ceil((to - events) / eventsPerStream));
    const first = events / eventsPerStream;
    await log.events.appendMany(
      Array.from({ length: streams }, (_value, index) => ({
        stream: annalsStream(`filled-${first + index}`),
        expectedVersion: 0,
        events: sampleEvents(eventsPerStream, (first + index) * eventsPerStream),
      })),
    );
  }
}
