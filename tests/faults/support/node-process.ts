import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeAnswer, NodeOrder, NodePlan } from './node-messages.ts';

const workerFile = fileURLToPath(new URL('node-worker.ts', import.meta.url));

/** A node in a process of its own. */
export class NodeProcess {
  readonly plan: NodePlan;
  /** What went wrong in it that must not. */
  readonly problems: string[] = [];
  /** Of each operation that has ended: the code of its refusal, or `done`. */
  readonly outcomes = new Map<number, string>();
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #mayEnd = false;
  #isGone = false;
  /** Undefined until it runs. */
  isRunning = false;
  /** Whether it has said that it stopped in order. */
  hasStopped = false;

  constructor(plan: NodePlan) {
    this.plan = plan;
    this.#child = fork(workerFile, {
      // Not the flags of jest, which starts no modules in TypeScript.
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.#child.on('message', (answer: NodeAnswer) => this.#hear(answer));
    this.#exit = once(this.#child, 'exit').then(([code, signal]) => {
      this.#isGone = true;
      if (!this.#mayEnd || (code !== null && code !== 0)) {
        this.problems.push(`a node ended by itself: ${String(code ?? signal)}`);
      }
    });
    this.order({ do: 'run', plan });
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  order(order: NodeOrder): void {
    if (!this.#isGone && this.#child.connected) this.#child.send(order, () => undefined);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.#isGone) this.#child.kill(signal);
  }

  /** SIGKILL: it has no chance to end anything. */
  async kill(): Promise<void> {
    this.#mayEnd = true;
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  /** Stops it in order; it has to end by itself, because nothing runs in it any more. */
  async stop(patienceMs: number): Promise<void> {
    this.#mayEnd = true;
    this.order({ do: 'stop' });
    const late = setTimeout(() => {
      this.problems.push(`a node did not end within ${patienceMs} ms of being asked to`);
      this.#child.kill('SIGKILL');
    }, patienceMs);
    await this.#exit;
    clearTimeout(late);
    if (!this.hasStopped) this.problems.push('a node ended without having stopped in order');
  }

  #hear(answer: NodeAnswer): void {
    if (answer.said === 'running') this.isRunning = true;
    if (answer.said === 'stopped') this.hasStopped = true;
    if (answer.said === 'done') this.outcomes.set(answer.id, answer.code ?? 'done');
    const problem = 'problem' in answer ? answer.problem : undefined;
    if (problem !== undefined) this.problems.push(problem);
  }
}
