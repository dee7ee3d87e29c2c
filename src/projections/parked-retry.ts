import { isStoreAway } from '../application/events/is-store-away.ts';
import type { FirstParked, ParkedKey } from '../application/ports/parked-events.ts';
import type { ProjectionId } from '../application/ports/projection-states.ts';
import type { ReadModelStore, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import { formatStream } from '../domain/index.ts';
import type { Recorded } from '../domain/index.ts';
import { deliver, deliveriesOf, shardTarget } from './delivery.ts';
import type { Delivery, ShardTarget } from './delivery.ts';
import { errorText } from './error-text.ts';
import { eventAt } from './event-at.ts';
import { runAlone } from './run-alone.ts';
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

/* What is first in a queue, and its event: undefined if the projection handles its type no longer. */
interface FirstInQueue {
  readonly first: FirstParked;
  readonly event: Recorded | undefined;
}

/* A key in the shard whose queue is retried. */
interface Queue {
  readonly key: string;
  readonly target: ShardTarget;
}

/** The build whose parked events are retried. */
export interface RetriedBuild extends ProjectionId {
  readonly shards: readonly unknown[];
}

/**
 * Handles the parked events of one build, those of a key in order.
 *
 * Each is handled in the transaction that takes it out of its queue. A key stays parked, and new events go to
 * the end of its queue, until the queue is empty.
 */
export class ParkedRetry {
  readonly #projection: Projection;
  readonly #build: RetriedBuild;
  readonly #readModels: ReadModelStore;

  constructor(projection: Projection, build: RetriedBuild, readModels: ReadModelStore) {
    this.#projection = projection;
    this.#build = build;
    this.#readModels = readModels;
  }

  /**
   * Retries these keys one after another.
   *
   * @throws {RetryUnderWay} somebody else is at it
   */
  async run(keys: readonly Pick<ParkedKey, 'key' | 'shard'>[]): Promise<RetryOutcome> {
    const { name, version, generation, shards } = this.#build;
    const refusal = (): Error => new RetryUnderWay(name);
    return runAlone(this.#readModels, `retry ${name} ${version} ${generation}`, refusal, async prolong => {
      const failedKeys = new Set<string>();
      let handled = 0;
      for (const { key, shard } of keys) {
        const target = shardTarget({ name, version, generation, shard }, shards.length);
        const drained = await this.#drain({ key, target }, prolong);
        handled += drained.handled;
        if (drained.hasFailed) failedKeys.add(key);
      }
      return { handled, failedKeys: [...failedKeys] };
    });
  }

  async #drain(queue: Queue, prolong: () => Promise<void>): Promise<{ handled: number; hasFailed: boolean }> {
    for (let handled = 0; ;) {
      await prolong();
      const next = await this.#readModels.transaction(transaction => this.#firstOf(queue, transaction));
      if (next === undefined) return { handled, hasFailed: false };
      const step = await this.#retry(queue, next);
      if (step === 'failed') return { handled, hasFailed: true };
      if (step === 'handled') handled++;
    }
  }

  /*
   * Read by its position and not from the feed: whatever is parked was settled for whoever parked it, and yet the feed
   * of this process may end before it. What is not found there would pass for an event that nobody handles any more.
   */
  async #firstOf(
    { key, target }: Queue,
    transaction: ReadModelTransaction,
  ): Promise<FirstInQueue | undefined> {
    const first = await transaction.parked.first(target.id, key);
    return first && { first, event: await eventAt(first.position, this.#projection, transaction) };
  }

  async #retry(queue: Queue, { first, event }: FirstInQueue): Promise<Step> {
    const { id } = queue.target;
    const failure = event && (await failureOf(async () => this.#projection.react?.([event]), isStoreAway));
    const isTransient = (error: unknown): boolean => this.#readModels.isTransient(error);
    return this.#readModels.transaction(async transaction => {
      await transaction.lockCheckpoint(id);
      const still = await transaction.parked.first(id, queue.key);
      if (still?.position !== first.position) return 'overtaken';
      if (event !== undefined && (await isHeldUp(queue, event, transaction))) return 'failed';
      const work = (): Promise<void> =>
        event === undefined ? Promise.resolve() : this.#handle(queue, event, first, transaction);
      const failed = failure ?? (await failureOf(() => transaction.attempt(work), isTransient));
      if (failed === undefined) {
        await transaction.parked.remove(id, queue.key, first.position);
        return 'handled';
      }
      await transaction.parked.noteFailure(id, queue.key, first.position, errorText(failed.error));
      return 'failed';
    });
  }

  /* One that waits for all of its keys may find some of them parked, and goes to their queues. */
  async #handle(
    { key, target }: Queue,
    event: Recorded,
    { isWhole, position }: FirstParked,
    transaction: ReadModelTransaction,
  ): Promise<void> {
    const all: readonly Delivery[] = isWhole
      ? deliveriesOf(this.#projection, [event], target.isWanted)
      : [{ event, key, isWhole: false }];
    const parked = isWhole ? await transaction.parked.countByKey(target.id) : new Map<string, number>();
    const waiting = all.filter(delivery => delivery.key !== key && parked.has(delivery.key));
    const free = all.filter(delivery => !waiting.includes(delivery));
    await deliver(this.#projection, free, transaction, target);
    if (waiting.length === 0) return;
    const behind = waiting.map(({ key: other }) => ({
      key: other,
      position,
      isWhole: false,
      error: null,
      attempts: 0,
    }));
    await transaction.parked.park(target.id, behind);
  }
}

/* An earlier event of its aggregate, whose keys nobody could tell, has to be handled before. */
async function isHeldUp(
  { key, target }: Queue,
  event: Recorded,
  { parked }: ReadModelTransaction,
): Promise<boolean> {
  const stream = formatStream(event);
  if (stream === key) return false;
  const first = await parked.first(target.id, stream);
  return first !== undefined && first.isWhole && first.position < event.position;
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
