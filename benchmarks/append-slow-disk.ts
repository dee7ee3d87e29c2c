import { appending } from './append.ts';
import { annals, bareGroupCommit, emmett } from './contenders/event-logs.ts';
import type { LogKind } from './contenders/event-logs.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Settings } from './harness/benchmark.ts';
import { loadMetrics } from './harness/closed-loop.ts';

/** Appends where each flush takes a millisecond longer. */
export const appendSlowDisk: Benchmark = {
  name: 'append-slow-disk',
  measures: 'appends of 3 events where a flush takes 1 ms longer, by commit_delay',
  settings: { callers: '512', flushDelayMs: 1, streams: 'new', warmUpMs: 500, durationMs: 3_000 },
  tiny: { callers: '8', warmUpMs: 0, durationMs: 30 },
  cases: settings => numbersOf(settings.callers).map(callers => slowCase(callers, settings)),
};

function slowCase(callers: number, settings: Settings): Case {
  const load = { callers, warmUpMs: Number(settings.warmUpMs), durationMs: Number(settings.durationMs) };
  const kinds = [annals, bareGroupCommit, emmett].map(kind =>
    onSlowDisk(kind, Number(settings.flushDelayMs)),
  );
  return {
    name: `${callers} callers, flushes ${settings.flushDelayMs} ms slower`,
    metrics: loadMetrics,
    contenders: kinds.map(kind => appending(kind, load, String(settings.streams))),
    goals: [{ metric: 'rate', against: emmett.name, atLeast: 10 }],
  };
}

/* PostgreSQL waits so long before each flush; with no siblings asked for it waits even for a lone transaction. */
function onSlowDisk(kind: LogKind, flushDelayMs: number): LogKind {
  return {
    ...kind,
    async open(database) {
      await database.configure('commit_delay', flushDelayMs * 1_000);
      await database.configure('commit_siblings', 0);
      return kind.open(database);
    },
  };
}
