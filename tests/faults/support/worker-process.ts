import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Order } from './messages.ts';

const workerFile = fileURLToPath(new URL('worker.ts', import.meta.url));

/** A process of its own that writes, reads or races; it takes one order after the other. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #answers: Answer[] = [];
  #isGone = false;
  #wake: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: Answer) => {
      this.#answers.push(answer);
      this.#wake();
    });
    child.on('exit', () => {
      this.#isGone = true;
      this.#wake();
    });
  }

  /** Starts a process and waits until it takes orders. */
  static async start(): Promise<WorkerProcess> {
    const child = fork(workerFile, {
      // Not the flags of jest, which starts no modules in TypeScript.
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, NODE_OPTIONS: '' },
      serialization: 'advanced',
    });
    const worker = new WorkerProcess(child);
    await worker.answer('ready');
    return worker;
  }

  /** Starts so many at the same time. */
  static startAll(count: number): Promise<WorkerProcess[]> {
    return Promise.all(Array.from({ length: count }, () => WorkerProcess.start()));
  }

  order(order: Order): void {
    if (!this.#isGone) this.#child.send(order, () => undefined);
  }

  /** The next answer, which must be of this kind. */
  async answer<T extends Answer['said']>(kind: T): Promise<Extract<Answer, { said: T }>> {
    while (this.#answers.length === 0) {
      if (this.#isGone) throw new Error(`A process of the fault test ended before it was "${kind}".`);
      await new Promise<void>(resolve => (this.#wake = resolve));
    }
    const answer = this.#answers.shift()!;
    if (answer.said !== kind)
      throw new Error(`Expected "${kind}" of a process, and it was "${answer.said}".`);
    return answer as Extract<Answer, { said: T }>;
  }

  /** SIGKILL: it has no chance to end anything. */
  async kill(): Promise<void> {
    if (this.#isGone) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
