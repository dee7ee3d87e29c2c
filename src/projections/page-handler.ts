import { isStoreAway } from '../application/events/is-store-away.ts';
import type { FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ClaimedShard } from '../application/ports/projection-states.ts';
import { CheckpointMoved } from '../application/ports/read-model-errors.ts';
import type {
  Checkpoint,
  ReadModelStore,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import type { Recorded } from '../domain/index.ts';
import { BatchParking } from './batch-parking.ts';
import { deliveriesOf, shardTarget } from './delivery.ts';
import type { Delivery, ShardTarget } from './delivery.ts';
import { IsolatedBatch } from './isolated-batch.ts';
import type { Projection } from './projection.ts';

/** A shard to handle pages for. */
export interface ShardWork {
  readonly projection: Projection;
  readonly shard: ClaimedShard;
  /** How many shards the build has. */
  readonly shards: number;
}

/** How a page is to be handled. */
export interface HandleOptions {
  /** Where the checkpoint is. */
  readonly from: number;
  /** Whether what fails now is parked instead of tried again. */
  readonly isLastAttempt: boolean;
  /** Events handled in a second, lately; for operators. */
  readonly eventsPerSecond: number;
}

/**
 * Handles pages of the feed, each in the transaction that moves the checkpoint and parks what failed.
 *
 * The parked keys are read only when somebody has changed them, which the checkpoint tells.
 */
export class PageHandler {
  readonly #projection: Projection;
  readonly #shard: ClaimedShard;
  readonly #target: ShardTarget;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  #reactionError: unknown;
  #known: { readonly revision: number; readonly countByKey: ReadonlyMap<string, number> } = {
    revision: 0,
    countByKey: new Map(),
  };

  constructor({ projection, shard, shards }: ShardWork, readModels: ReadModelStore, logger: Logger) {
    this.#projection = projection;
    this.#shard = shard;
    this.#target = shardTarget(shard, shards);
    this.#readModels = readModels;
    this.#logger = logger;
  }

  /** Handles or parks the events of a page and moves the checkpoint behind it. */
  async handle(page: FeedPage, options: HandleOptions): Promise<void> {
    if (page.events.length === 0) {
      const { from, eventsPerSecond } = options;
      await this.#readModels.moveCheckpoint(this.#shard, { from, to: page.throughPosition, eventsPerSecond });
      return;
    }
    const parking = await this.#readModels.transaction(transaction =>
      this.handleWithin(transaction, page, options),
    );
    parking.report(this.#logger);
  }

  /** The same within a transaction; what was parked is for the caller to report once it is committed. */
  async handleWithin(
    transaction: ReadModelTransaction,
    { events, throughPosition }: Pick<FeedPage, 'events' | 'throughPosition'>,
    { from, isLastAttempt, eventsPerSecond }: HandleOptions,
  ): Promise<BatchParking> {
    const checkpoint = await this.#lock(transaction, from);
    const parkedNow = await this.#parkedKeys(transaction, checkpoint);
    const givenUp = isLastAttempt ? await this.#givenUp(transaction, events) : undefined;
    const parking = new BatchParking(this.#projection, this.#shard, parkedNow, givenUp);
    await this.#project(events, transaction, { parking, isLastAttempt });
    await parking.store(transaction);
    await transaction.moveCheckpoint(this.#shard, { from, to: throughPosition, eventsPerSecond });
    return parking;
  }

  /** Reacts to the events of a page, or parks them, and moves the checkpoint behind it. */
  async react(page: FeedPage, options: HandleOptions): Promise<void> {
    const { from, eventsPerSecond, isLastAttempt } = options;
    // What a reaction did cannot be undone, so a node whose turn is over has to know before.
    const { before, countByKey, givenUp } = await this.#readModels.transaction(async transaction => {
      const before = await this.#lock(transaction, from);
      const givenUp = isLastAttempt ? await this.#givenUp(transaction, page.events) : undefined;
      return { before, countByKey: await this.#parkedKeys(transaction, before), givenUp };
    });
    const parking = new BatchParking(this.#projection, this.#shard, countByKey, givenUp);
    const deliveries = deliveriesOf(this.#projection, page.events, this.#target.isWanted);
    const reacted = await this.#react(deliveries, parking, options);
    await this.#readModels.transaction(async transaction => {
      const locked = await this.#lock(transaction, from);
      // Its queue may have been emptied meanwhile; then it is to be handled, and nothing was done yet.
      const isOutdated = locked.parkedRevision !== before.parkedRevision && !reacted && !parking.isEmpty;
      if (isOutdated) throw new CheckpointMoved(this.#shard, from, locked.position, false);
      await parking.store(transaction);
      await transaction.moveCheckpoint(this.#shard, { from, to: page.throughPosition, eventsPerSecond });
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
    const { id, isWanted } = this.#target;
    if (!isLastAttempt && this.#known.countByKey.size === 0) {
      return this.#projection.project(events, transaction, id, isWanted);
    }
    const isTransient = (error: unknown): boolean => this.#readModels.isTransient(error);
    const batch = new IsolatedBatch(this.#projection, this.#target, transaction, { parking, isTransient });
    const deliveries = deliveriesOf(this.#projection, events, isWanted);
    await (isLastAttempt ? batch.handle(deliveries) : batch.handlePassable(deliveries));
  }

  async #lock(transaction: ReadModelTransaction, from: number): Promise<Checkpoint> {
    const locked = await transaction.lockCheckpoint(this.#shard);
    const isOwn = locked?.epoch === this.#shard.epoch;
    if (locked !== undefined && isOwn && locked.position === from) return locked;
    throw new CheckpointMoved(this.#shard, from, locked?.position, !isOwn);
  }

  async #parkedKeys(
    transaction: ReadModelTransaction,
    { parkedRevision: revision }: Checkpoint,
  ): Promise<ReadonlyMap<string, number>> {
    if (revision !== this.#known.revision) {
      this.#known = { revision, countByKey: await transaction.parked.countByKey(this.#shard) };
    }
    return this.#known.countByKey;
  }

  #givenUp(transaction: ReadModelTransaction, events: readonly Recorded[]): Promise<ReadonlySet<string>> {
    return transaction.parked.givenUp(
      this.#shard,
      events.map(event => event.position),
    );
  }
}
