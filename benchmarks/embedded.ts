import { appending } from './append.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { barePgliteCalls, barePgliteGroupCommit } from './contenders/bare/bare-pglite.ts';
import type { EventLog } from './contenders/event-log.ts';
import type { LogKind } from './contenders/event-logs.ts';
import { pgliteFolder } from './contenders/pglite-folder.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Settings } from './harness/benchmark.ts';
import { loadMetrics } from './harness/closed-loop.ts';

/** The embedded store. */
export const embeddedStore: Benchmark = {
  name: 'embedded',
  measures: 'appends of 3 events on PGlite in a folder, beside PGlite alone with the same tables',
  settings: { callers: '1,64', streams: 'new', warmUpMs: 500, durationMs: 2_000 },
  tiny: { callers: '2', warmUpMs: 0, durationMs: 30 },
  cases: settings => numbersOf(settings.callers).map(callers => embeddedCase(callers, settings)),
};

const annals: LogKind = { name: 'Annals', kind: 'annals', open: openInFolder };
const calls: LogKind = { name: 'bare PGlite, a call each', kind: 'bare', open: barePgliteCalls };
const groupCommit: LogKind = {
  name: 'bare PGlite, group commit',
  kind: 'bare',
  open: barePgliteGroupCommit,
};

function embeddedCase(callers: number, settings: Settings): Case {
  const load = { callers, warmUpMs: Number(settings.warmUpMs), durationMs: Number(settings.durationMs) };
  return {
    name: `${callers} ${callers === 1 ? 'caller' : 'callers'}`,
    metrics: loadMetrics,
    contenders: [annals, calls, groupCommit].map(kind => appending(kind, load, String(settings.streams))),
    goals: [{ metric: 'rate', against: callers === 1 ? calls.name : groupCommit.name, atLeast: 0.8 }],
  };
}

async function openInFolder(): Promise<EventLog> {
  const folder = await pgliteFolder();
  const log = await AnnalsLog.embedded(folder.path);
  return {
    append: (...append) => log.append(...append),
    [Symbol.asyncDispose]: async () => {
      await log[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
