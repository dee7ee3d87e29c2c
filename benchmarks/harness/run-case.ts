import type { Case, Contender, Measurable, Sample } from './benchmark.ts';
import { collectGarbage } from './collect-garbage.ts';
import { ScratchDatabase } from './scratch-database.ts';

/** What became of a contender: a sample a round, or the error that ended it. */
export interface ContenderResult {
  readonly name: string;
  readonly kind: Contender['kind'];
  readonly samples: readonly Sample[];
  readonly failure?: string;
}

/** Where and how often a case is run. */
export interface Rounds {
  readonly serverUrl: string;
  readonly count: number;
}

/**
 * Measures the contenders of a case in turns: A B C, A B C.
 *
 * So what the machine does besides hits all alike. A contender that fails is out, and the others go on.
 */
export async function runCase(
  { contenders, keepsData = false }: Case,
  rounds: Rounds,
): Promise<ContenderResult[]> {
  const runs = contenders.map(contender => new Run(contender, rounds.serverUrl, keepsData));
  try {
    for (let round = 0; round < rounds.count; round++) for (const run of runs) await run.measure();
  } finally {
    for (const run of runs) await run.close();
  }
  return runs.map(run => run.result);
}

class Run {
  readonly #contender: Contender;
  readonly #serverUrl: string;
  readonly #keepsData: boolean;
  readonly #samples: Sample[] = [];
  #opened: { readonly database: ScratchDatabase; readonly measurable: Measurable } | undefined;
  #failure: string | undefined;

  constructor(contender: Contender, serverUrl: string, keepsData: boolean) {
    this.#contender = contender;
    this.#serverUrl = serverUrl;
    this.#keepsData = keepsData;
  }

  get result(): ContenderResult {
    const { name, kind } = this.#contender;
    const failure = this.#failure;
    return { name, kind, samples: this.#samples, ...(failure !== undefined && { failure }) };
  }

  async measure(): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      const { database, measurable } = (this.#opened ??= await this.#open());
      await database.settle();
      collectGarbage();
      this.#samples.push(await measurable.measure());
      if (!this.#keepsData) await this.close();
    } catch (error) {
      this.#failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await this.close();
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.measurable[Symbol.asyncDispose]();
    await opened?.database[Symbol.asyncDispose]();
  }

  async #open(): Promise<{ database: ScratchDatabase; measurable: Measurable }> {
    const database = await ScratchDatabase.create(this.#serverUrl);
    try {
      return { database, measurable: await this.#contender.open(database) };
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }
}
