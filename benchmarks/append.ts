import type { EventLog } from './contenders/event-log.ts';
import { annals, bareCalls, bareGroupCommit, castore, emmett, messageDb } from './contenders/event-logs.ts';
import type { LogKind } from './contenders/event-logs.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Contender, Goal, Settings } from './harness/benchmark.ts';
import { closedLoop, loadMetrics } from './harness/closed-loop.ts';
import type { Load, Operation } from './harness/closed-loop.ts';
import { sampleEvents } from './harness/workload.ts';

const eventsPerAppend = 3;
// Handed over again and again: making payloads is not what is measured.
const appends = Array.from({ length: 64 }, (_value, index) =>
  sampleEvents(eventsPerAppend, index * eventsPerAppend),
);

/** Appends of three events by many callers at the same time. */
export const append: Benchmark = {
  name: 'append',
  measures: 'appends of 3 events, each at an exact expected version, from 1 to 512 callers at the same time',
  settings: { callers: '1,8,32,128,512', streams: 'new', warmUpMs: 2_000, durationMs: 3_000 },
  tiny: { callers: '1,8', warmUpMs: 0, durationMs: 30 },
  cases: settings => numbersOf(settings.callers).map(callers => appendCase(callers, settings)),
};

// DESIGN §13, against Emmett.
const timesEmmett: Readonly<Record<number, number>> = { 1: 2, 32: 7, 128: 12, 512: 15 };

function appendCase(callers: number, settings: Settings): Case {
  const load = { callers, warmUpMs: Number(settings.warmUpMs), durationMs: Number(settings.durationMs) };
  const kinds = [annals, bareGroupCommit, bareCalls, emmett, castore, messageDb];
  return {
    name: `${callers} ${callers === 1 ? 'caller' : 'callers'}, ${settings.streams} streams`,
    metrics: loadMetrics,
    contenders: kinds.map(kind => appending(kind, load, String(settings.streams))),
    goals: goalsOf(callers),
  };
}

function goalsOf(callers: number): Goal[] {
  const atLeast = timesEmmett[callers];
  return [
    ...(atLeast === undefined ? [] : [{ metric: 'rate', against: emmett.name, atLeast }]),
    { metric: 'p99', against: emmett.name, atLeast: 1 },
    { metric: 'rate', against: bareGroupCommit.name, atLeast: 0.85 },
  ];
}

/** A contender that appends under a load; see `appendOperation` for the streams. */
export function appending(kind: LogKind, load: Load, streams: string): Contender {
  return {
    ...kind,
    async open(database) {
      const log = await kind.open(database);
      return {
        measure: () => closedLoop(database, load, appendOperation(log, streams)),
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
      };
    },
  };
}

/**
 * How callers choose streams: `new` makes one with each append, `own` gives each caller one that it goes on with.
 *
 * Either way the expected version is exact, and nobody gets in anybody's way.
 */
export function appendOperation(log: EventLog, streams: string): Operation {
  if (streams === 'new') return (caller, turn) => log.append(`${caller}-${turn}`, 0, eventsOf(caller, turn));
  if (streams === 'own')
    return (caller, turn) => log.append(`${caller}`, turn * eventsPerAppend, eventsOf(caller, turn));
  throw new RangeError(`There are no streams of the kind "${streams}". Say new or own.`);
}

function eventsOf(caller: number, turn: number): (typeof appends)[number] {
  return appends[(caller + turn) % appends.length]!;
}
