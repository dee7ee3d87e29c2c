import { setTimeout as wait } from 'node:timers/promises';
import { accountModule } from './contenders/account.ts';
import { AnnalsLog } from './contenders/annals.ts';
import { EmmettLog } from './contenders/emmett.ts';
import { poolSize } from './contenders/event-log.ts';
import { noOpProjector } from './contenders/projectors.ts';
import { numbersOf } from './harness/benchmark.ts';
import type { Benchmark, Case, Contender, Metric, Sample, Settings } from './harness/benchmark.ts';
import { CountingPool } from './harness/counting-pool.ts';
import { fill } from './harness/fill.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';

const metrics: readonly Metric[] = [
  { name: 'queries/s', better: 'lower' },
  { name: 'connections', better: 'lower' },
];
// What an application gets that says nothing of connections.
const annalsPoolSize = 10;
const filling = { streams: 1, eventsPerStream: 3 };

/** What an application that has nothing to do asks the database. */
export const idle: Benchmark = {
  name: 'idle',
  measures:
    'queries a second of a process with nothing to do, and its connections, by the number of its projections',
  settings: { projections: '1,20,200', settleMs: 2_000, durationMs: 5_000 },
  tiny: { projections: '2', settleMs: 0, durationMs: 50 },
  cases: settings => numbersOf(settings.projections).map(projections => idleCase(projections, settings)),
};

function idleCase(projections: number, settings: Settings): Case {
  return {
    name: `${projections} ${projections === 1 ? 'projection' : 'projections'}`,
    metrics,
    contenders: [annals(projections, settings), emmett(projections, settings)],
    goals: [
      { metric: 'queries/s', atMost: 1 },
      { metric: 'connections', atMost: 12 },
    ],
  };
}

function annals(projections: number, settings: Settings): Contender {
  return {
    name: 'Annals',
    kind: 'annals',
    async open(database) {
      const pool = CountingPool.to(database.url, annalsPoolSize);
      const projectors = Array.from({ length: projections }, (_value, index) =>
        noOpProjector(`no_op_${index}`),
      );
      const log = await AnnalsLog.onServer(pool, [accountModule(projectors)]);
      await fill(log, filling);
      await log.app.projections.catchUp();
      return {
        measure: () => countQueries(database, pool, settings),
        [Symbol.asyncDispose]: async () => {
          await log[Symbol.asyncDispose]();
          await pool.end();
        },
      };
    },
  };
}

function emmett(projections: number, settings: Settings): Contender {
  return {
    name: 'Emmett',
    kind: 'peer',
    async open(database) {
      const pool = CountingPool.to(database.url, poolSize);
      const log = await EmmettLog.open(database.url, { pool });
      await fill(log, filling);
      const consumer = log.store.consumer();
      for (let index = 0; index < projections; index++) {
        consumer.reactor({ processorId: `no-op-${index}`, eachMessage: () => undefined });
      }
      const running = consumer.start();
      return {
        measure: () => countQueries(database, pool, settings),
        [Symbol.asyncDispose]: async () => {
          await consumer.close();
          await running;
          await log[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/* The connections are counted before the pool closes those that it has not needed for a while. */
async function countQueries(
  database: ScratchDatabase,
  pool: CountingPool,
  settings: Settings,
): Promise<Sample> {
  const connections = await countConnections(database);
  await wait(Number(settings.settleMs));
  const [start, before] = [performance.now(), pool.queries];
  await wait(Number(settings.durationMs));
  const seconds = (performance.now() - start) / 1_000;
  return { 'queries/s': (pool.queries - before) / seconds, connections };
}

async function countConnections(database: ScratchDatabase): Promise<number> {
  const { rows } = await database.run(`
    select count(*)::integer as connections
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`);
  return rows[0]!.connections as number;
}
