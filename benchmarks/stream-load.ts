import { defineModule } from 'annals/di';
import pg from 'pg';
import { Account, accountModule, accountWithSnapshots, foldBalance } from './contenders/account.ts';
import { AnnalsLog, annalsStream } from './contenders/annals.ts';
import { textValues } from './contenders/bare/text-values.ts';
import { EmmettLog, emmettStream } from './contenders/emmett.ts';
import type { EmmettEvent } from './contenders/emmett.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Contender, Measurable, Settings } from './harness/benchmark.ts';
import { closedLoop, loadMetrics } from './harness/closed-loop.ts';
import type { Load } from './harness/closed-loop.ts';
import { fill } from './harness/fill.ts';
import type { Filling } from './harness/fill.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { sampleEvents } from './harness/workload.ts';

/** Loads of whole streams, folded to a balance. */
export const streamLoad: Benchmark = {
  name: 'stream-load',
  measures: 'loads of a stream of 10, 100 and 1,000 events, folded into an aggregate, from one caller',
  settings: { events: '10,100,1000', streams: 40, callers: 1, warmUpMs: 500, durationMs: 2_000 },
  tiny: { events: '10,100', streams: 2, warmUpMs: 0, durationMs: 20 },
  cases: settings => numbersOf(settings.events).map(events => loadCase(events, settings)),
};

// DESIGN §13, against Emmett.
const timesEmmett: Readonly<Record<number, number>> = { 10: 3, 100: 4, 1_000: 4 };

// How many events a load from a snapshot folds.
const tailEvents = 10;

interface Setup {
  readonly filling: Filling;
  readonly load: Load;
}

function loadCase(events: number, settings: Settings): Case {
  const atLeast = timesEmmett[events];
  const setup: Setup = {
    filling: { streams: Number(settings.streams), eventsPerStream: events },
    load: {
      callers: Number(settings.callers),
      warmUpMs: Number(settings.warmUpMs),
      durationMs: Number(settings.durationMs),
    },
  };
  return {
    name: `${events} events`,
    metrics: loadMetrics,
    keepsData: true,
    contenders: [
      ...[annals(setup), bareSelect(setup), emmett(setup)],
      ...(events > 2 * tailEvents ? [annalsWithSnapshots(setup)] : []),
    ],
    goals: [
      ...(atLeast === undefined ? [] : [{ metric: 'rate', against: 'Emmett', atLeast }]),
      { metric: 'rate', against: 'bare select', atLeast: 0.45 },
    ],
  };
}

function annals({ filling, load }: Setup): Contender {
  const open = async (database: ScratchDatabase): Promise<Measurable> => {
    const log = await AnnalsLog.onServer(database.url, [accountModule()]);
    await fill(log, filling);
    const { replay } = log.app;
    const rebuild = (caller: number, turn: number): Promise<unknown> =>
      replay.rebuildAggregate(Account, streamOf(caller, turn, filling));
    return {
      measure: () => closedLoop(database, load, rebuild),
      [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    };
  };
  return { name: 'Annals', kind: 'annals', open };
}

/* A snapshot of each stream, and ten events behind it. */
function annalsWithSnapshots({ filling, load }: Setup): Contender {
  const { streams, eventsPerStream } = filling;
  const keptAt = eventsPerStream - tailEvents;
  const accountClass = accountWithSnapshots(keptAt);
  const modules = [defineModule({ aggregates: [accountClass] })];
  const keep = async (url: string): Promise<void> => {
    // Closed at the end, so that every snapshot is saved.
    await using log = await AnnalsLog.onServer(url, modules);
    await fill(log, { ...filling, eventsPerStream: keptAt - 1 });
    const accounts = log.app.repository(accountClass);
    for (let stream = 0; stream < streams; stream++) {
      for (const count of [1, tailEvents]) {
        await accounts.update(String(stream), account => {
          for (const { payload } of sampleEvents(count, 0)) account.deposit(payload);
        });
      }
    }
  };
  const open = async (database: ScratchDatabase): Promise<Measurable> => {
    await keep(database.url);
    const log = await AnnalsLog.onServer(database.url, modules);
    const rebuild = (caller: number, turn: number): Promise<unknown> =>
      log.app.replay.rebuildAggregate(accountClass, streamOf(caller, turn, filling));
    return {
      measure: () => closedLoop(database, load, rebuild),
      [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    };
  };
  return { name: 'Annals, snapshot', kind: 'annals', open };
}

function emmett({ filling, load }: Setup): Contender {
  const open = async (database: ScratchDatabase): Promise<Measurable> => {
    const log = await EmmettLog.open(database.url);
    await fill(log, filling);
    const aggregate = (caller: number, turn: number): Promise<unknown> =>
      log.store.aggregateStream(emmettStream(streamOf(caller, turn, filling)), folding);
    return {
      measure: () => closedLoop(database, load, aggregate),
      [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    };
  };
  return { name: 'Emmett', kind: 'peer', open };
}

const folding = {
  initialState: (): number => 0,
  evolve: (balance: number, { type, data }: EmmettEvent): number =>
    foldBalance(balance, type, data.amount as number),
};

/* The columns of an envelope from the tables of Annals, every value left as text, nothing parsed or folded. */
const selectStream = `
  select
    e.position, e.version, e.schema_version, e.event_id, e.event_type, e.recorded_at, e.correlation_id,
    e.causation_id, e.user_id, e.actor, e.payload, e.metadata
  from annals.streams s
  join annals.events e on e.stream_ref = s.stream_ref
  where s.aggregate_id = $1 and s.aggregate_type = $2
  order by e.version`;

function bareSelect({ filling, load }: Setup): Contender {
  const open = async (database: ScratchDatabase): Promise<Measurable> => {
    await using log = await AnnalsLog.onServer(database.url);
    await fill(log, filling);
    const pool = new pg.Pool({ connectionString: database.url });
    const select = (caller: number, turn: number): Promise<unknown> => {
      const { aggregateId, aggregateType } = annalsStream(streamOf(caller, turn, filling));
      const values = [aggregateId, aggregateType];
      return pool.query({ name: 'select_stream', text: selectStream, values, ...textValues });
    };
    return {
      measure: () => closedLoop(database, load, select),
      [Symbol.asyncDispose]: () => pool.end(),
    };
  };
  return { name: 'bare select', kind: 'bare', open };
}

function streamOf(caller: number, turn: number, { streams }: Filling): string {
  return String((caller + turn) % streams);
}
