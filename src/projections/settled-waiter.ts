import { checkTimeout } from '../application/check-timeout.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import { CheckpointWaiter } from './checkpoint-waiter.ts';
import type { WaitOptions, WaiterSources } from './checkpoint-waiter.ts';

type Log = Pick<EventStore, 'lastSettledEvent' | 'settledPosition' | 'subscribe'>;
type IsTransient = WaiterSources['store']['isTransient'];

/**
 * Waits until nothing can appear any more at or below a position, for those who fold events on demand: before that they
 * would leave out events that another writer is about to commit.
 */
export class SettledWaiter {
  readonly #log: Log;
  readonly #isTransient: IsTransient;
  readonly #waiter: CheckpointWaiter;

  constructor(log: Log, isTransient: IsTransient) {
    this.#log = log;
    this.#isTransient = isTransient;
    this.#waiter = new CheckpointWaiter({
      store: {
        readCheckpoint: () => log.settledPosition(),
        expectCheckpoint: (_projection, position, wake) => wakeOnceRead(log, position, wake),
        isTransient,
      },
      events: log,
      // A handler may ask for the past of its own projection.
      scope: { projection: undefined },
      obstacleOf: () => ({ error: notSettled(), hasStopped: false }),
    });
  }

  /** @throws {ProjectionWaitTimeout} it was not settled in time */
  async waitFor(
    projection: { name: string; version: number },
    position: number,
    options: WaitOptions,
  ): Promise<void> {
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined) checkTimeout('timeoutMs', timeoutMs);
    signal?.throwIfAborted();
    if (!(await this.#isSettled(position))) await this.#waiter.waitFor(projection, position, options);
  }

  /** Ends all waits. */
  close(): void {
    this.#waiter.close();
  }

  /* As a rule, and then no subscription is needed. */
  async #isSettled(position: number): Promise<boolean> {
    try {
      return (await this.#log.lastSettledEvent(position)) !== undefined;
    } catch (error) {
      if (this.#isTransient(error)) return false;
      throw error;
    }
  }
}

function notSettled(): Error {
  return new Error('An append with a lower position has not ended, or none has returned this position.');
}

/* The tail looks more often while a writer is open than a wait does by itself. */
function wakeOnceRead(log: Log, position: number, wake: () => void): () => void {
  const leaving = new AbortController();
  const from = Math.max(0, position - 1);
  const pages = log.subscribe({ from, batchSize: 1, signal: leaving.signal }).pages();
  const untilRead = async (): Promise<void> => {
    for await (const _page of pages) return;
  };
  // Where it fails, the wait finds out by itself.
  untilRead().then(wake, wake);
  return () => leaving.abort();
}
