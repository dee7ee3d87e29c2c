import { setTimeout as wait } from 'node:timers/promises';
import { annals } from './contenders/event-logs.ts';
import type { EventLog } from './contenders/event-log.ts';
import type { Benchmark, Case, Metric, Sample, Settings } from './harness/benchmark.ts';
import { collectGarbage } from './harness/collect-garbage.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { sampleEvents } from './harness/workload.ts';

const metrics: readonly Metric[] = [
  { name: 'heapGrewMB', better: 'lower' },
  { name: 'rssGrewMB', better: 'lower' },
  { name: 'resumedAfterMs', better: 'lower' },
  { name: 'failed', better: 'lower' },
];
const megabyte = 1024 * 1024;
const sampleMs = 50;

/** A server that stands still under load. */
export const pausedServer: Benchmark = {
  name: 'paused-server',
  measures:
    'memory of the application while its connections are frozen (SIGSTOP) and callers go on appending',
  settings: { callers: 512, warmUpMs: 1_000, pauseMs: 30_000 },
  tiny: { callers: 4, warmUpMs: 20, pauseMs: 20 },
  cases: settings => [pausedCase(settings)],
};

function pausedCase(settings: Settings): Case {
  return {
    name: `${settings.callers} callers, frozen for ${settings.pauseMs} ms`,
    metrics,
    contenders: [
      {
        ...annals,
        async open(database) {
          const log = await annals.open(database);
          return {
            measure: () => measurePause(database, log, settings),
            [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
          };
        },
      },
    ],
  };
}

async function measurePause(database: ScratchDatabase, log: EventLog, settings: Settings): Promise<Sample> {
  const load = new Load(log, Number(settings.callers));
  await wait(Number(settings.warmUpMs));
  const pids = await backendsOf(database);
  collectGarbage();
  const before = process.memoryUsage();
  signal(pids, 'SIGSTOP');
  const peak = await peakDuring(Number(settings.pauseMs)).finally(() => signal(pids, 'SIGCONT'));
  const [resumedAt, appended] = [performance.now(), load.appended];
  while (load.appended === appended) await wait(1);
  const resumedAfterMs = performance.now() - resumedAt;
  await load.end();
  return {
    heapGrewMB: (peak.heapUsed - before.heapUsed) / megabyte,
    rssGrewMB: (peak.rss - before.rss) / megabyte,
    ...{ resumedAfterMs, failed: load.failed },
  };
}

/* Callers that begin again at once, whether the append before was stored or failed. */
class Load {
  appended = 0;
  failed = 0;
  #isEnded = false;
  readonly #callers: readonly Promise<void>[];

  constructor(log: EventLog, callers: number) {
    this.#callers = Array.from({ length: callers }, (_value, caller) => this.#run(log, caller));
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await Promise.all(this.#callers);
  }

  async #run(log: EventLog, caller: number): Promise<void> {
    for (let turn = 0; !this.#isEnded; turn++) {
      try {
        await log.append(`${caller}-${turn}`, 0, sampleEvents(3, turn));
        this.appended++;
      } catch {
        this.failed++;
      }
    }
  }
}

async function backendsOf(database: ScratchDatabase): Promise<number[]> {
  const { rows } = await database.run(`
    select pid from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`);
  return rows.map(row => Number(row.pid));
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}

async function peakDuring(durationMs: number): Promise<{ heapUsed: number; rss: number }> {
  const [end, peak] = [performance.now() + durationMs, { heapUsed: 0, rss: 0 }];
  while (performance.now() < end) {
    const { heapUsed, rss } = process.memoryUsage();
    peak.heapUsed = Math.max(peak.heapUsed, heapUsed);
    peak.rss = Math.max(peak.rss, rss);
    await wait(Math.min(sampleMs, durationMs));
  }
  return peak;
}
