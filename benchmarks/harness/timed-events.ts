import type { Metric, Sample } from './benchmark.ts';
import type { ScratchDatabase } from './scratch-database.ts';

/** What `timedEvents` measures: events a second, and microseconds of processor time an event. */
export const eventMetrics: readonly Metric[] = [
  { name: 'events/s', better: 'higher' },
  { name: 'nodeCpu', better: 'lower' },
  { name: 'postgresCpu', better: 'lower' },
];

/** Measures work that concerns this many events, done once. */
export async function timedEvents(
  database: ScratchDatabase,
  events: number,
  work: () => Promise<unknown>,
): Promise<Sample> {
  const [start, cpu] = [performance.now(), database.cpu.read()];
  await work();
  const [ms, used] = [performance.now() - start, database.cpu.since(cpu)];
  return {
    'events/s': (events * 1_000) / ms,
    nodeCpu: (used.nodeMs * 1_000) / events,
    ...(used.postgresMs !== undefined && { postgresCpu: (used.postgresMs * 1_000) / events }),
  };
}
