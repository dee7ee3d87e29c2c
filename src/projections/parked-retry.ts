import { isStoreAway } from '../application/events/is-store-away.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import type { FirstParked } from '../application/ports/parked-events.ts';
import type { ReadModelStore, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Recorded } from '../domain/index.ts';
import { deliver, deliveriesOf } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import { errorText } from './error-text.ts';
import { runAlone } from './lease.ts';
import type { Projection } from './projection.ts';
import { RetryUnderWay } from './projection-errors.ts';

/** What came of a retry. */
export interface RetryOutcome {
  /** Events that are handled now. */
  readonly handled: number;
  /** Keys that failed again; their events stay parked. */
  readonly failedKeys: readonly string[];
}

type Step = 'handled' | 'failed' | 'overtaken';

/**
 * Handles the parked events of one projection, those of a key in order.
 *
 * Each is handled in the transaction that takes it out of its queue. A key stays parked, and new events go to
 * the end of its queue, until the queue is empty.
 */
export class ParkedRetry {
  readonly #projection: Projection;
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;

  constructor(projection: Projection, stores: { events: EventStore; readModels: ReadModelStore }) {
    this.#projection = projection;
    this.#events = stores.events;
    this.#readModels = stores.readModels;
  }

  /**
   * Retries these keys one after another.
   *
   * @throws {RetryUnderWay} somebody else is at it
   */
  async run(keys: readonly string[]): Promise<RetryOutcome> {
    const { name, version } = this.#projection;
    const lock = { name: `${name}@retry`, version };
    const refusal = (): Error => new RetryUnderWay(name);
    return runAlone(this.#readModels, lock, refusal, async prolong => {
      const failedKeys: string[] = [];
      let handled = 0;
      for (const key of keys) {
        const drained = await this.#drain(key, prolong);
        handled += drained.handled;
        if (drained.hasFailed) failedKeys.push(key);
      }
      return { handled, failedKeys };
    });
  }

  async #drain(key: string, prolong: () => Promise<void>): Promise<{ handled: number; hasFailed: boolean }> {
    for (let handled = 0; ;) {
      await prolong();
      const first = await this.#readModels.transaction(({ parked }) => parked.first(this.#projection, key));
      if (first === undefined) return { handled, hasFailed: false };
      const step = await this.#retry(key, first);
      if (step === 'failed') return { handled, hasFailed: true };
      if (step === 'handled') handled++;
    }
  }

  async #retry(key: string, first: FirstParked): Promise<Step> {
    const event = await this.#eventAt(first.position);
    const failure = event && (await failureOf(async () => this.#projection.react?.([event]), isStoreAway));
    const isTransient = (error: unknown): boolean => this.#readModels.isTransient(error);
    return this.#readModels.transaction(async transaction => {
      await transaction.lockCheckpoint(this.#projection);
      const still = await transaction.parked.first(this.#projection, key);
      if (still?.position !== first.position) return 'overtaken';
      const work = (): Promise<void> =>
        event === undefined ? Promise.resolve() : this.#handle(key, event, first, transaction);
      const failed = failure ?? (await failureOf(() => transaction.attempt(work), isTransient));
      if (failed === undefined) {
        await transaction.parked.remove(this.#projection, key, first.position);
        return 'handled';
      }
      await transaction.parked.noteFailure(this.#projection, key, first.position, errorText(failed.error));
      return 'failed';
    });
  }

  /* One that waits for all of its keys may find some of them parked, and goes to their queues. */
  async #handle(
    key: string,
    event: Recorded,
    { isWhole, position }: FirstParked,
    transaction: ReadModelTransaction,
  ): Promise<void> {
    const all: readonly Delivery[] = isWhole
      ? deliveriesOf(this.#projection, [event])
      : [{ event, key, isWhole: false }];
    const parked = isWhole
      ? await transaction.parked.countByKey(this.#projection)
      : new Map<string, number>();
    const waiting = all.filter(delivery => delivery.key !== key && parked.has(delivery.key));
    const free = all.filter(delivery => !waiting.includes(delivery));
    await deliver(this.#projection, free, transaction, this.#projection);
    if (waiting.length === 0) return;
    const behind = waiting.map(({ key: other }) => ({
      key: other,
      position,
      isWhole: false,
      error: null,
      attempts: 0,
    }));
    await transaction.parked.park(this.#projection, behind);
  }

  /* Undefined if the projection handles its type no longer. */
  async #eventAt(position: number): Promise<Recorded | undefined> {
    const { types } = this.#projection;
    const { events } = await this.#events.readFeedPage({ afterPosition: position - 1, types, batchSize: 1 });
    return events[0]?.position === position ? events[0] : undefined;
  }
}

/* Wrapped, because anything may be thrown. What is not the event's fault is the caller's to know. */
async function failureOf(
  work: () => Promise<void>,
  isTransient: (error: unknown) => boolean,
): Promise<{ error: unknown } | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (isTransient(error)) throw error;
    return { error };
  }
}
