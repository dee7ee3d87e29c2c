import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Sample, Settings } from './benchmark.ts';
import type { ContenderRun } from './contender-run.ts';

/** Says which contender of which case, to a process that has the same benchmarks. */
export interface ContenderAddress {
  readonly benchmark: string;
  readonly settings: Settings;
  readonly case: string;
  readonly contender: string;
  readonly serverUrl: string;
}

/** What a contender's process is told, one at a time. */
export type Request = 'measure' | 'close';

/** What it answers. */
export type Answer = { readonly sample: Sample } | { readonly failure: string } | { readonly closed: true };

const mainFile = fileURLToPath(new URL('../contender-main.ts', import.meta.url));

/**
 * A contender in a process of its own, for all rounds of a case.
 *
 * In one process the garbage of one is collected on another's time, and code that all share, such as the driver, is
 * compiled for the shapes of all.
 */
export class ContenderProcess implements ContenderRun {
  readonly #child: ChildProcess;

  constructor(address: ContenderAddress) {
    this.#child = fork(mainFile, [JSON.stringify(address)]);
  }

  async measure(): Promise<Sample> {
    const answer = await this.#ask('measure');
    if ('sample' in answer) return answer.sample;
    throw new Error('failure' in answer ? answer.failure : 'It was closed.');
  }

  async close(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    await this.#ask('close');
    await ended;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #ask(request: Request): Promise<Answer> {
    return new Promise(resolve => {
      const ended = (code: number | null): void =>
        resolve({ failure: `Its process ended by itself (${code ?? 'killed'}).` });
      this.#child.once('exit', ended);
      this.#child.once('message', answer => {
        this.#child.off('exit', ended);
        resolve(answer as Answer);
      });
      if (this.#hasEnded) ended(this.#child.exitCode);
      else this.#child.send(request);
    });
  }
}
