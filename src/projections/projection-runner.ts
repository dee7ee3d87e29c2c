import { randomUUID } from 'node:crypto';
import type { EventStore, FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import { CheckpointMoved } from '../application/ports/read-model-errors.ts';
import type { ProjectionId, ReadModelStore } from '../application/ports/read-model-store.ts';
import { Backoff } from '../application/subscriptions/backoff.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import type { Projection } from './projection.ts';

/** How a runner is doing. */
export interface RunnerStatus {
  readonly state: 'running' | 'retrying' | 'stopped';
  /** The position up to which everything is handled, as this process last saw it. */
  readonly position: number;
  /** Why it is retrying. */
  readonly lastError: unknown;
}

// How long a node that died keeps others from reacting, and how long one reaction may take.
const leaseMs = 30_000;
// How soon a node that has something to react to takes over from one that has stopped.
const claimAgainAfterMs = 250;

/**
 * Feeds one projection from the store's tail: page, batch, checkpoint, and again.
 *
 * - `stopped` → `running` by `start`
 * - `running` → `retrying` when a batch fails; nothing of the batch is kept, and it is tried again
 * - `retrying` → `running` when a batch succeeds
 * - any → `stopped` by `stop`, after the batch under way
 */
export class ProjectionRunner {
  readonly #projection: Projection;
  readonly #target: ProjectionId;
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  readonly #backoff = new Backoff();
  readonly #owner = randomUUID();
  #stopping = new AbortController();
  #run: Promise<void> | undefined;
  #position = 0;
  #failures = 0;
  #lastError: unknown;

  /** @param target - where to write: the projection itself, or what is being built in its place */
  constructor(
    projection: Projection,
    target: ProjectionId,
    stores: { events: EventStore; readModels: ReadModelStore },
    logger: Logger,
  ) {
    this.#projection = projection;
    this.#target = target;
    this.#events = stores.events;
    this.#readModels = stores.readModels;
    this.#logger = logger;
  }

  get status(): RunnerStatus {
    const state = this.#run === undefined ? 'stopped' : this.#failures > 0 ? 'retrying' : 'running';
    return { state, position: this.#position, lastError: this.#lastError };
  }

  /** Runs in the background until `stop`. */
  start(): void {
    if (this.#run !== undefined) return;
    this.#stopping = new AbortController();
    this.#run = this.#loop(this.#stopping.signal).finally(() => (this.#run = undefined));
  }

  /** Lets the batch under way end, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
    if (this.#projection.react !== undefined) await this.#readModels.release(this.#target, this.#owner);
  }

  /** Handles everything that is settled now; for a rebuild, which waits for its end and wants its errors. */
  async catchUp(afterPage: () => Promise<void>): Promise<void> {
    const { types, batchSize } = this.#projection;
    this.#position = await this.#readModels.readCheckpoint(this.#target);
    for (;;) {
      const page = await this.#events.readFeedPage({ afterPosition: this.#position, types, batchSize });
      if (page.throughPosition > this.#position) await this.#handle(page);
      if (page.isLast) return;
      await afterPage();
    }
  }

  async #loop(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      try {
        this.#position = await this.#readModels.readCheckpoint(this.#target);
        await this.#followFeed(stopping);
      } catch (error) {
        await this.#pauseAfter(error, stopping);
      }
    }
  }

  /* Until it is stopped, or another node was here and the checkpoint has to be read again. */
  async #followFeed(signal: AbortSignal): Promise<void> {
    const { types, batchSize } = this.#projection;
    const subscription = this.#events.subscribe({ from: this.#position, types, batchSize, signal });
    for await (const page of subscription.pages()) {
      if (!(await this.#mayHandle(page, signal))) return;
      await this.#handle(page);
      this.#failures = 0;
      this.#lastError = undefined;
      this.#backoff.reset();
    }
  }

  /* What a reaction did cannot be undone by a checkpoint that has moved, so only one node at a time reacts. */
  async #mayHandle({ events }: FeedPage, stopping: AbortSignal): Promise<boolean> {
    if (this.#projection.react === undefined || events.length === 0) return true;
    const checkpoint = await this.#readModels.claim(this.#target, this.#owner, leaseMs);
    if (checkpoint === undefined) await new WakeUp().wait(claimAgainAfterMs, stopping);
    return checkpoint === this.#position;
  }

  async #handle({ events, throughPosition }: FeedPage): Promise<void> {
    const from = this.#position;
    if (events.length > 0) await this.#projection.react?.(events);
    await this.#readModels.transaction(async transaction => {
      const actual = await transaction.lockCheckpoint(this.#target);
      if (actual !== from) throw new CheckpointMoved(this.#target, from, actual);
      await this.#projection.project(events, transaction, this.#target);
      await transaction.moveCheckpoint(this.#target, from, throughPosition);
    });
    this.#position = throughPosition;
  }

  async #pauseAfter(error: unknown, stopping: AbortSignal): Promise<void> {
    // Another node handled the batch; there is nothing wrong, and its checkpoint is read next.
    if (error instanceof CheckpointMoved && error.actual !== undefined) return;
    this.#failures++;
    this.#lastError = error;
    const retryInMs = this.#backoff.nextMs();
    const { name, version } = this.#target;
    this.#logger.error(`Projection "${name}" v${version} failed and will try again.`, {
      afterPosition: this.#position,
      failures: this.#failures,
      retryInMs,
      error,
    });
    await new WakeUp().wait(retryInMs, stopping);
  }
}
