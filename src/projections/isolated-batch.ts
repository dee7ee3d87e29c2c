import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { BatchParking } from './batch-parking.ts';
import { deliver } from './delivery.ts';
import type { Delivery, ShardTarget } from './delivery.ts';
import type { Projection } from './projection.ts';

/** Handles a batch that has failed so that only the keys that fail suffer. */
export class IsolatedBatch {
  readonly #projection: Projection;
  readonly #target: ShardTarget;
  readonly #transaction: ReadModelTransaction;
  readonly #parking: BatchParking;
  readonly #isTransient: (error: unknown) => boolean;

  constructor(
    projection: Projection,
    target: ShardTarget,
    transaction: ReadModelTransaction,
    { parking, isTransient }: { parking: BatchParking; isTransient: (error: unknown) => boolean },
  ) {
    this.#projection = projection;
    this.#target = target;
    this.#transaction = transaction;
    this.#parking = parking;
    this.#isTransient = isTransient;
  }

  /** Handles what is not parked; the first failure undoes the batch. */
  async handlePassable(deliveries: readonly Delivery[]): Promise<void> {
    const passable = this.#parking.passable(deliveries);
    if (passable.length > 0) await deliver(this.#projection, passable, this.#transaction, this.#target);
  }

  /**
   * Handles or parks everything.
   *
   * By halves and in order: a failure is found in few steps, and what follows it knows of its key.
   */
  async handle(deliveries: readonly Delivery[]): Promise<void> {
    const passable = this.#parking.passable(deliveries);
    const [first] = passable;
    if (first === undefined) return;
    const isAlone = passable.length === 1;
    const failure = await this.#try(passable, isAlone ? this.#projection.failure.attempts : 1);
    if (failure === undefined) return;
    if (isAlone) {
      this.#parking.fail(first, failure.error);
      return;
    }
    const middle = Math.ceil(passable.length / 2);
    await this.handle(passable.slice(0, middle));
    await this.handle(passable.slice(middle));
  }

  async #try(deliveries: readonly Delivery[], attempts: number): Promise<{ error: unknown } | undefined> {
    const work = (): Promise<void> => deliver(this.#projection, deliveries, this.#transaction, this.#target);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#transaction.attempt(work);
        return undefined;
      } catch (error) {
        if (this.#isTransient(error)) throw error;
        if (attempt >= attempts) return { error };
      }
    }
  }
}
