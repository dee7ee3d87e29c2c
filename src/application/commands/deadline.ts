import { CommandTimedOut } from '../message-errors.ts';

/** When a command is given up. */
export interface DeadlineOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** When a command is given up: by its caller's signal or after its timeout. */
export class Deadline {
  readonly signal: AbortSignal;
  /** Whether giving up would hide what is stored: then the outcome is awaited. */
  isCommitting = false;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #endsAtMs: number | undefined;
  readonly #mayEnd: boolean;

  constructor(commandName: string, { timeoutMs, signal }: DeadlineOptions) {
    const give = (): void => this.#controller.abort(new CommandTimedOut(commandName, timeoutMs ?? 0));
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(give, timeoutMs);
    this.#mayEnd = timeoutMs !== undefined || signal !== undefined;
    this.#endsAtMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    this.signal =
      signal === undefined ? this.#controller.signal : AbortSignal.any([this.#controller.signal, signal]);
  }

  /** Milliseconds until it is over, 0 afterwards; undefined: never. */
  get leftMs(): number | undefined {
    return this.#endsAtMs && Math.max(0, Math.round(this.#endsAtMs - performance.now()));
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  /** The outcome of a handler, unless it is given up before its commit. */
  keep<T>(handling: Promise<T>): Promise<T> {
    if (!this.#mayEnd) return handling;
    return untilAborted(handling, this.signal, giveUp => this.#unlessCommitting(giveUp));
  }

  /** The same for everything around the handler: middleware that answers to the end at once still has its say. */
  keepAll<T>(run: Promise<T>): Promise<T> {
    if (!this.#mayEnd) return run;
    return untilAborted(run, this.signal, giveUp => setImmediate(() => this.#unlessCommitting(giveUp)));
  }

  #unlessCommitting(giveUp: () => void): void {
    if (!this.isCommitting) giveUp();
  }

  /** Once the time is up, an abort error inside the handler is the timeout, whatever it was wrapped in. */
  explain(error: unknown): unknown {
    const isAbort = error instanceof Error && error.name === 'AbortError';
    return isAbort && this.signal.aborted ? this.signal.reason : error;
  }
}

/**
 * The outcome of a run, unless the signal is aborted before.
 *
 * @param decide - called then with what gives the run up
 */
export async function untilAborted<T>(
  run: Promise<T>,
  signal: AbortSignal,
  decide: (giveUp: () => void) => void = giveUp => giveUp(),
): Promise<T> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => decide(() => reject(signal.reason as Error));
  });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([run, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
