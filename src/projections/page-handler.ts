import { isStoreAway } from '../application/events/is-store-away.ts';
import type { FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import { CheckpointMoved } from '../application/ports/read-model-errors.ts';
import type {
  Checkpoint,
  ProjectionId,
  ReadModelStore,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import type { Recorded } from '../domain/index.ts';
import { BatchParking } from './batch-parking.ts';
import { deliveriesOf } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import { IsolatedBatch } from './isolated-batch.ts';
import type { Projection } from './projection.ts';

/** How a page is to be handled. */
export interface HandleOptions {
  /** Where the checkpoint is. */
  readonly from: number;
  /** Whether what fails now is parked instead of tried again. */
  readonly isLastAttempt: boolean;
}

/**
 * Handles pages of the feed, each in the transaction that moves the checkpoint and parks what failed.
 *
 * The parked keys are read only when somebody has changed them, which the checkpoint tells.
 */
export class PageHandler {
  readonly #projection: Projection;
  readonly #target: ProjectionId;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  #reactionError: unknown;
  #known: { readonly revision: number; readonly countByKey: ReadonlyMap<string, number> } = {
    revision: 0,
    countByKey: new Map(),
  };

  /** @param target - where to write: the projection itself, or what is being built in its place */
  constructor(projection: Projection, target: ProjectionId, readModels: ReadModelStore, logger: Logger) {
    this.#projection = projection;
    this.#target = target;
    this.#readModels = readModels;
    this.#logger = logger;
  }

  /** Handles or parks the events of a page and moves the checkpoint behind it. */
  async handle(page: FeedPage, options: HandleOptions): Promise<void> {
    const parking = await this.#readModels.transaction(async transaction => {
      const parkedNow = await this.#lockedKeys(transaction, options.from);
      const parking = new BatchParking(this.#projection, this.#target, parkedNow);
      await this.#project(page.events, transaction, { parking, isLastAttempt: options.isLastAttempt });
      await parking.store(transaction);
      await transaction.moveCheckpoint(this.#target, options.from, page.throughPosition);
      return parking;
    });
    parking.report(this.#logger);
  }

  /**
   * Reacts to the events of a page, or parks them, and moves the checkpoint behind it.
   *
   * @param claimed - the checkpoint as it was when this node became the one that reacts
   */
  async react(page: FeedPage, options: HandleOptions, claimed: Checkpoint): Promise<void> {
    const countByKey = await this.#parkedKeys(claimed);
    const parking = new BatchParking(this.#projection, this.#target, countByKey);
    const reacted = await this.#react(deliveriesOf(this.#projection, page.events), parking, options);
    await this.#readModels.transaction(async transaction => {
      const locked = await this.#lock(transaction, options.from);
      // Its queue may have been emptied meanwhile; then it is to be handled, and nothing was done yet.
      const isOutdated = locked.parkedRevision !== claimed.parkedRevision && !reacted && !parking.isEmpty;
      if (isOutdated) throw new CheckpointMoved(this.#target, options.from, locked.position);
      await parking.store(transaction);
      await transaction.moveCheckpoint(this.#target, options.from, page.throughPosition);
    });
    parking.report(this.#logger);
  }

  /**
   * Whether an error that this threw says nothing against the event.
   *
   * A reaction speaks with others than the store, and a host that nobody knows may well be the event's own fault.
   */
  isTransient(error: unknown): boolean {
    return error === this.#reactionError ? isStoreAway(error) : this.#readModels.isTransient(error);
  }

  /* Says whether it called any reaction. */
  async #react(
    deliveries: readonly Delivery[],
    parking: BatchParking,
    { isLastAttempt }: HandleOptions,
  ): Promise<boolean> {
    let hasReacted = false;
    for (const delivery of deliveries) {
      if (parking.passable([delivery]).length === 0) continue;
      hasReacted = true;
      try {
        await this.#projection.react?.([delivery.event]);
      } catch (error) {
        this.#reactionError = error;
        if (!isLastAttempt || this.isTransient(error)) throw error;
        parking.fail(delivery, error);
      }
    }
    return hasReacted;
  }

  async #project(
    events: readonly Recorded[],
    transaction: ReadModelTransaction,
    { parking, isLastAttempt }: { parking: BatchParking; isLastAttempt: boolean },
  ): Promise<void> {
    // What is read by an inline projection must be complete, so its build fails instead.
    const mayPark = this.#projection.mode === 'async';
    if (!mayPark || (!isLastAttempt && this.#known.countByKey.size === 0)) {
      return this.#projection.project(events, transaction, this.#target);
    }
    const isTransient = (error: unknown): boolean => this.#readModels.isTransient(error);
    const batch = new IsolatedBatch(this.#projection, this.#target, transaction, { parking, isTransient });
    const deliveries = deliveriesOf(this.#projection, events);
    await (isLastAttempt ? batch.handle(deliveries) : batch.handlePassable(deliveries));
  }

  async #lock(transaction: ReadModelTransaction, from: number): Promise<Checkpoint> {
    const locked = await transaction.lockCheckpoint(this.#target);
    if (locked.position === from) return locked;
    throw new CheckpointMoved(this.#target, from, locked.position);
  }

  async #lockedKeys(transaction: ReadModelTransaction, from: number): Promise<ReadonlyMap<string, number>> {
    const { parkedRevision: revision } = await this.#lock(transaction, from);
    if (revision !== this.#known.revision) {
      this.#known = { revision, countByKey: await transaction.parked.countByKey(this.#target) };
    }
    return this.#known.countByKey;
  }

  /* Outside of the transaction they may be newer than the revision says, which makes for one more reading. */
  async #parkedKeys({ parkedRevision: revision }: Checkpoint): Promise<ReadonlyMap<string, number>> {
    if (revision !== this.#known.revision) {
      const countByKey = await this.#readModels.transaction(transaction =>
        transaction.parked.countByKey(this.#target),
      );
      this.#known = { revision, countByKey };
    }
    return this.#known.countByKey;
  }
}
