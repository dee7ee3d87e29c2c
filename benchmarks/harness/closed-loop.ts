import { setTimeout as wait } from 'node:timers/promises';
import type { Metric, Sample } from './benchmark.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { ScratchDatabase } from './scratch-database.ts';
import { percentile } from './statistics.ts';

/** What `closedLoop` measures: operations a second, milliseconds, microseconds of processor time an operation. */
export const loadMetrics: readonly Metric[] = [
  { name: 'rate', better: 'higher' },
  { name: 'p50', better: 'lower' },
  { name: 'p99', better: 'lower' },
  { name: 'nodeCpu', better: 'lower' },
  { name: 'postgresCpu', better: 'lower' },
];

/** How long a load lasts, and how many do the same at the same time. */
export interface Load {
  readonly callers: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** What a caller does, over and over. */
export type Operation = (caller: number, turn: number) => Promise<unknown>;

/**
 * Lets callers do the same thing over and over, each beginning again when it is done, and measures how often and how long.
 *
 * What began while warming up counts for the rate if it ends later, but its duration is left out. Processor time is in
 * microseconds an operation.
 */
export async function closedLoop(
  database: ScratchDatabase,
  load: Load,
  operation: Operation,
): Promise<Sample> {
  const loop = new ClosedLoop(operation);
  const callers = Array.from({ length: load.callers }, async (_value, caller) => loop.run(caller));
  const running = Promise.all(callers);
  await Promise.race([running, wait(load.warmUpMs)]);
  collectGarbage();
  const [start, cpu] = [performance.now(), database.cpu.read()];
  loop.begin();
  await Promise.race([running, wait(load.durationMs)]);
  const [seconds, used] = [(performance.now() - start) / 1_000, database.cpu.since(cpu)];
  const { durationsMs, count } = loop.end();
  await running;
  return {
    rate: count / seconds,
    ...(durationsMs.length > 0 && { p50: percentile(durationsMs, 0.5), p99: percentile(durationsMs, 0.99) }),
    nodeCpu: (used.nodeMs * 1_000) / count,
    ...(used.postgresMs !== undefined && { postgresCpu: (used.postgresMs * 1_000) / count }),
  };
}

class ClosedLoop {
  readonly #operation: Operation;
  readonly #durationsMs: number[] = [];
  #state: 'warming up' | 'measuring' | 'ended' = 'warming up';
  #measuringSince = Infinity;
  #count = 0;

  constructor(operation: Operation) {
    this.#operation = operation;
  }

  begin(): void {
    this.#measuringSince = performance.now();
    this.#state = 'measuring';
  }

  end(): { readonly durationsMs: readonly number[]; readonly count: number } {
    this.#state = 'ended';
    return { durationsMs: [...this.#durationsMs], count: this.#count };
  }

  async run(caller: number): Promise<void> {
    for (let turn = 0; this.#state !== 'ended'; turn++) {
      const start = performance.now();
      await this.#operation(caller, turn);
      if (this.#state !== 'measuring') continue;
      this.#count++;
      if (start >= this.#measuringSince) this.#durationsMs.push(performance.now() - start);
    }
  }
}
