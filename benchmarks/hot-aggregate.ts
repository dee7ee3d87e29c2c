import { Account, accountModule } from './contenders/account.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { poolSize } from './contenders/event-log.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Contender, Metric, Settings } from './harness/benchmark.ts';
import { closedLoop, loadMetrics } from './harness/closed-loop.ts';
import type { Load } from './harness/closed-loop.ts';
import { CountingPool } from './harness/counting-pool.ts';
import { sampleEvents } from './harness/workload.ts';

const metrics: readonly Metric[] = [...loadMetrics, { name: 'queries', better: 'lower' }];

/** Commands on one aggregate that is in the cache. */
export const hotAggregate: Benchmark = {
  name: 'hot-aggregate',
  measures: 'commands of one event each on an aggregate that is in the cache, and the round trips a command',
  settings: { aggregates: '1,32', warmUpMs: 500, durationMs: 2_000 },
  tiny: { aggregates: '2', warmUpMs: 10, durationMs: 30 },
  cases: settings => numbersOf(settings.aggregates).map(aggregates => hotCase(aggregates, settings)),
};

function hotCase(aggregates: number, settings: Settings): Case {
  const load: Load = {
    callers: aggregates,
    warmUpMs: Number(settings.warmUpMs),
    durationMs: Number(settings.durationMs),
  };
  return {
    name: `${aggregates} ${aggregates === 1 ? 'aggregate' : 'aggregates'}, a caller each`,
    metrics,
    contenders: [annals(load)],
    goals: [{ metric: 'queries', atMost: 1 }],
  };
}

function annals(load: Load): Contender {
  return {
    name: 'Annals',
    kind: 'annals',
    async open(database) {
      const pool = CountingPool.to(database.url, poolSize);
      const log = await AnnalsLog.onServer(pool, [accountModule()]);
      const accounts = log.app.repository(Account);
      const { payload } = sampleEvents(1)[0]!;
      for (let id = 0; id < load.callers; id++) await accounts.create(String(id), a => a.deposit(payload));
      let commands = 0;
      const deposit = async (caller: number): Promise<void> => {
        await accounts.update(String(caller), account => account.deposit(payload));
        commands++;
      };
      return {
        measure: async () => {
          const before = pool.queries;
          const sample = await closedLoop(database, load, deposit);
          return { ...sample, queries: (pool.queries - before) / commands };
        },
        [Symbol.asyncDispose]: async () => {
          await log[Symbol.asyncDispose]();
          await pool.end();
        },
      };
    },
  };
}
