import { appending } from './append.ts';
import { accountModule } from './contenders/account.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { EmmettLog } from './contenders/emmett.ts';
import type { LogKind } from './contenders/event-logs.ts';
import { statementsInPongo } from './contenders/pongo.ts';
import { statementProjector } from './contenders/projectors.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Settings } from './harness/benchmark.ts';
import { loadMetrics } from './harness/closed-loop.ts';
import { sampleEvents } from './harness/workload.ts';

/** A read model of documents that is written in the append's own transaction. */
export const inlineProjector: Benchmark = {
  name: 'inline-projector',
  measures: 'appends of 3 events whose transaction also writes a document',
  settings: { callers: '1,32', streams: 'new', warmUpMs: 500, durationMs: 3_000 },
  tiny: { callers: '2', warmUpMs: 0, durationMs: 30 },
  cases: settings => numbersOf(settings.callers).map(callers => inlineCase(callers, settings)),
};

function inlineCase(callers: number, settings: Settings): Case {
  const load = { callers, warmUpMs: Number(settings.warmUpMs), durationMs: Number(settings.durationMs) };
  return {
    name: `${callers} ${callers === 1 ? 'caller' : 'callers'}, ${settings.streams} streams`,
    metrics: loadMetrics,
    contenders: [annals, emmett].map(kind => appending(kind, load, String(settings.streams))),
    goals: [{ metric: 'rate', against: emmett.name, atLeast: 1 }],
  };
}

const annals: LogKind = {
  name: 'Annals',
  kind: 'annals',
  open: ({ url }) => {
    const projector = statementProjector('statements', { documentPer: 'account', mode: 'inline' });
    return AnnalsLog.onServer(url, [accountModule([projector])]);
  },
};

const emmett: LogKind = {
  name: 'Emmett + Pongo',
  kind: 'peer',
  open: async ({ url }) => {
    const projection = await statementsInPongo('statements', 'account');
    const log = await EmmettLog.open(url, { inline: [projection] });
    // The first append makes the collection, and two that try it at the same time fail.
    await log.append('first', 0, sampleEvents(1));
    return log;
  },
};
