import { StoreUnavailable } from '../ports/event-store-errors.ts';
import { WakeUp } from './wake-up.ts';

const firstPauseMs = 50;
// A server that is back is noticed within this.
const longestPauseMs = 5_000;

/** Pauses that double from one failure to the next. */
export class Backoff {
  #nextMs = firstPauseMs;

  /** The pause after one more failure. */
  nextMs(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(longestPauseMs, pauseMs * 2);
    return pauseMs;
  }

  /** Begins anew, after a success. */
  reset(): void {
    this.#nextMs = firstPauseMs;
  }
}

/** What bears on whether to try again. */
export interface RetryOptions {
  /** Ends the tries; the result is then undefined. */
  readonly signal: AbortSignal;
  /** Whether the store is gone for good. */
  readonly isClosed: () => boolean;
}

/** Repeats a read until the store is available; undefined once the signal is aborted. Other errors go through. */
export async function untilAvailable<T>(
  read: () => Promise<T>,
  { signal, isClosed }: RetryOptions,
): Promise<T | undefined> {
  const backoff = new Backoff();
  while (!signal.aborted) {
    try {
      return await unlessAborted(read(), signal);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || isClosed()) throw error;
      await new WakeUp().wait(backoff.nextMs(), signal);
    }
  }
  return undefined;
}

/* A server that does not answer must not keep a reader who wants to leave. */
function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined);
    signal.addEventListener('abort', leave);
    void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
