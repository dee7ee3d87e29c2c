import { randomUUID } from 'node:crypto';
import type { EventStore, FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import { CheckpointMoved } from '../application/ports/read-model-errors.ts';
import type { ProjectionId, ReadModelStore } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';
import { WakeUp } from './wake-up.ts';

/** How a runner is doing. */
export interface RunnerStatus {
  readonly state: 'running' | 'retrying' | 'stopped';
  /** The position up to which everything is handled, as this process last saw it. */
  readonly position: number;
  /** Why it is retrying. */
  readonly lastError: unknown;
}

// Other processes append too; without a notification from them this is how late their events are seen.
const pollMs = 500;
const maxRetryDelayMs = 5_000;
// How long a node that died keeps others from reacting, and how long one reaction may take.
const leaseMs = 30_000;

/**
 * Feeds one projection: page, batch, checkpoint, and again.
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
  readonly #wakeUp = new WakeUp();
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
    const unsubscribe = this.#events.onCommitted(() => this.#wakeUp.set());
    this.#run = this.#loop(this.#stopping.signal).finally(() => {
      unsubscribe();
      this.#run = undefined;
    });
  }

  /** Lets the batch under way end, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
    if (this.#projection.react !== undefined) await this.#readModels.release(this.#target, this.#owner);
  }

  /** Handles everything that is settled now; for a rebuild, which waits for its end and wants its errors. */
  async catchUp(afterPage: () => Promise<void>): Promise<void> {
    this.#position = await this.#readModels.readCheckpoint(this.#target);
    while (!(await this.#handlePage())) await afterPage();
  }

  async #loop(stopping: AbortSignal): Promise<void> {
    let isPositionKnown = false;
    while (!stopping.aborted) {
      try {
        if (!isPositionKnown) this.#position = await this.#readModels.readCheckpoint(this.#target);
        isPositionKnown = true;
        const isCaughtUp = await this.#handlePage();
        this.#failures = 0;
        this.#lastError = undefined;
        if (isCaughtUp) await this.#wakeUp.wait(pollMs, stopping);
      } catch (error) {
        isPositionKnown = false;
        await this.#pauseAfter(error, stopping);
      }
    }
  }

  async #handlePage(): Promise<boolean> {
    if (!(await this.#isRunner())) return true;
    const { types, batchSize } = this.#projection;
    const page = await this.#events.readFeedPage({ afterPosition: this.#position, types, batchSize });
    if (page.throughPosition > this.#position) await this.#handle(page);
    return page.isLast;
  }

  /* What a reaction did cannot be undone by a checkpoint that has moved, so only one node at a time reacts. */
  async #isRunner(): Promise<boolean> {
    if (this.#projection.react === undefined) return true;
    const position = await this.#readModels.claim(this.#target, this.#owner, leaseMs);
    if (position !== undefined) this.#position = position;
    return position !== undefined;
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
    const retryInMs = Math.min(maxRetryDelayMs, 50 * 2 ** this.#failures);
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
