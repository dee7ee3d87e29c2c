import type { Metric, Sample } from './benchmark.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { CpuMeter, CpuTime } from './cpu-meter.ts';
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
  const loop = new ClosedLoop(database.cpu, load, operation);
  await Promise.all(Array.from({ length: load.callers }, async (_value, caller) => loop.run(caller)));
  return loop.sample();
}

/*
 * `warming up` → `measuring` → `ended`, each when an operation ends after its time, and not before
 * one has begun and ended within it: a timer would never fire while a
 * database within this process keeps it busy.
 */
class ClosedLoop {
  readonly #cpu: CpuMeter;
  readonly #load: Load;
  readonly #operation: Operation;
  readonly #durationsMs: number[] = [];
  #state: 'warming up' | 'measuring' | 'ended' = 'warming up';
  #endsAtMs: number;
  #beganAtMs = 0;
  #cpuAtBegin: CpuTime | undefined;
  #count = 0;
  #sample: Sample = {};

  constructor(cpu: CpuMeter, load: Load, operation: Operation) {
    this.#cpu = cpu;
    this.#load = load;
    this.#operation = operation;
    this.#endsAtMs = performance.now() + load.warmUpMs;
  }

  async run(caller: number): Promise<void> {
    for (let turn = 0; this.#state !== 'ended'; turn++) {
      const startMs = performance.now();
      await this.#operation(caller, turn);
      this.#count++;
      const nowMs = performance.now();
      if (startMs >= this.#beganAtMs) this.#durationsMs.push(nowMs - startMs);
      if (nowMs >= this.#endsAtMs && this.#durationsMs.length > 0) this.#next();
    }
  }

  sample(): Sample {
    return this.#sample;
  }

  #next(): void {
    if (this.#state === 'warming up') this.#begin();
    else if (this.#state === 'measuring') this.#end();
  }

  #begin(): void {
    this.#state = 'measuring';
    collectGarbage();
    this.#durationsMs.length = 0;
    this.#count = 0;
    this.#cpuAtBegin = this.#cpu.read();
    this.#beganAtMs = performance.now();
    this.#endsAtMs = this.#beganAtMs + this.#load.durationMs;
  }

  #end(): void {
    this.#state = 'ended';
    const seconds = (performance.now() - this.#beganAtMs) / 1_000;
    const { nodeMs, postgresMs } = this.#cpu.since(this.#cpuAtBegin!);
    const [count, durationsMs] = [this.#count, this.#durationsMs];
    this.#sample = {
      rate: count / seconds,
      p50: percentile(durationsMs, 0.5),
      p99: percentile(durationsMs, 0.99),
      nodeCpu: (nodeMs * 1_000) / count,
      ...(postgresMs !== undefined && { postgresCpu: (postgresMs * 1_000) / count }),
    };
  }
}
