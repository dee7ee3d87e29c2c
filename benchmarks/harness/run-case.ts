import type { Case, Contender, Sample } from './benchmark.ts';
import type { ContenderRun } from './contender-run.ts';

/** What became of a contender: a sample a round, or the error that ended it. */
export interface ContenderResult {
  readonly name: string;
  readonly kind: Contender['kind'];
  readonly samples: readonly Sample[];
  readonly failure?: string;
}

/**
 * Measures the contenders of a case in turns: A B C, A B C.
 *
 * So what the machine does besides hits all alike. A contender that fails is out, and the others go on.
 */
export async function runCase(
  { contenders }: Case,
  rounds: number,
  begin: (contender: Contender) => ContenderRun,
): Promise<ContenderResult[]> {
  const turns = contenders.map(contender => new Turns(contender, begin(contender)));
  try {
    for (let round = 0; round < rounds; round++) for (const each of turns) await each.take();
  } finally {
    for (const each of turns) await each.end();
  }
  return turns.map(each => each.result);
}

/* The turns of one contender. */
class Turns {
  readonly #contender: Contender;
  readonly #run: ContenderRun;
  readonly #samples: Sample[] = [];
  #failure: string | undefined;

  constructor(contender: Contender, run: ContenderRun) {
    this.#contender = contender;
    this.#run = run;
  }

  get result(): ContenderResult {
    const { name, kind } = this.#contender;
    const failure = this.#failure;
    return { name, kind, samples: this.#samples, ...(failure !== undefined && { failure }) };
  }

  async take(): Promise<void> {
    if (this.#failure !== undefined) return;
    try {
      this.#samples.push(await this.#run.measure());
    } catch (error) {
      this.#failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await this.end();
    }
  }

  end(): Promise<void> {
    return this.#run.close();
  }
}
