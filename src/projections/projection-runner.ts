import { randomUUID } from 'node:crypto';
import type { EventStore, FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import { CheckpointMoved } from '../application/ports/read-model-errors.ts';
import type { ProjectionId, ReadModelStore } from '../application/ports/read-model-store.ts';
import { Backoff } from '../application/subscriptions/backoff.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { PageHandler } from './page-handler.ts';
import type { Projection } from './projection.ts';
import { ProjectionStopped, TooManyParked } from './projection-errors.ts';

/** How a runner is doing. */
export interface RunnerStatus {
  readonly state: 'running' | 'retrying' | 'stopped';
  /** The position up to which everything is handled, as this process last saw it. */
  readonly position: number;
  /** Why it is retrying, or why it stopped by itself. */
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
 * - `retrying` → `running` also when the last attempt has parked the events that fail
 * - any → `stopped` by `stop`, after the batch under way; or by itself, where the projector's policy forbids to go on
 */
export class ProjectionRunner {
  readonly #projection: Projection;
  readonly #target: ProjectionId;
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  readonly #pages: PageHandler;
  readonly #backoff = new Backoff();
  readonly #owner = randomUUID();
  #stopping = new AbortController();
  #run: Promise<void> | undefined;
  #position = 0;
  #failures = 0;
  // Failures that are the events' own fault, of the batch under way.
  #failedAttempts = 0;
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
    this.#pages = new PageHandler(projection, target, stores.readModels, logger);
  }

  get status(): RunnerStatus {
    const state = this.#run === undefined ? 'stopped' : this.#failures > 0 ? 'retrying' : 'running';
    return { state, position: this.#position, lastError: this.#lastError };
  }

  /** Runs in the background until `stop`. */
  start(): void {
    if (this.#run !== undefined) return;
    this.#stopping = new AbortController();
    this.#failures = 0;
    this.#failedAttempts = 0;
    this.#lastError = undefined;
    this.#run = this.#loop(this.#stopping.signal).finally(() => (this.#run = undefined));
  }

  /** Lets the batch under way end, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
  }

  /** Handles everything that is settled now; for a rebuild, which waits for its end and wants its errors. */
  async catchUp(afterPage: () => Promise<void>): Promise<void> {
    const { types, batchSize } = this.#projection;
    this.#position = await this.#readModels.readCheckpoint(this.#target);
    for (;;) {
      const page = await this.#events.readFeedPage({ afterPosition: this.#position, types, batchSize });
      if (page.throughPosition > this.#position) await this.#handleAtOnce(page);
      if (page.isLast) return;
      await afterPage();
    }
  }

  async #loop(stopping: AbortSignal): Promise<void> {
    let mayGoOn = true;
    while (mayGoOn && !stopping.aborted) {
      try {
        const position = await this.#readModels.readCheckpoint(this.#target);
        if (position !== this.#position) this.#failedAttempts = 0;
        this.#position = position;
        await this.#followFeed(stopping);
      } catch (error) {
        mayGoOn = await this.#pauseAfter(error, stopping);
      }
    }
    if (this.#projection.react !== undefined) await this.#readModels.release(this.#target, this.#owner);
  }

  /* Until it is stopped, or another node was here and the checkpoint has to be read again. */
  async #followFeed(signal: AbortSignal): Promise<void> {
    const { types, batchSize } = this.#projection;
    const subscription = this.#events.subscribe({ from: this.#position, types, batchSize, signal });
    for await (const page of subscription.pages()) {
      if (!(await this.#handleOrLeave(page, signal))) return;
      this.#failures = 0;
      this.#failedAttempts = 0;
      this.#lastError = undefined;
      this.#backoff.reset();
    }
  }

  /* What a reaction did cannot be undone by a checkpoint that has moved, so only one node at a time reacts. */
  async #handleOrLeave(page: FeedPage, stopping: AbortSignal): Promise<boolean> {
    const { failure } = this.#projection;
    if (this.#projection.react === undefined || page.events.length === 0) {
      // The first attempt is always the fast one: what fails in it is undone, so nothing happens twice.
      await this.#handle(page, this.#failedAttempts >= Math.max(1, failure.attempts - 1));
      return true;
    }
    const claimed = await this.#readModels.claim(this.#target, this.#owner, leaseMs);
    if (claimed === undefined) await new WakeUp().wait(claimAgainAfterMs, stopping);
    if (claimed?.position !== this.#position) return false;
    const isLastAttempt = this.#failedAttempts + 1 >= failure.attempts;
    await this.#pages.react(page, { from: this.#position, isLastAttempt }, claimed);
    this.#position = page.throughPosition;
    return true;
  }

  /* A rebuild waits for nothing: what fails is looked at by itself in the next moment. */
  async #handleAtOnce(page: FeedPage): Promise<void> {
    try {
      await this.#handle(page, false);
    } catch (error) {
      if (this.#projection.mode !== 'async' || this.#readModels.isTransient(error)) throw error;
      await this.#handle(page, true);
    }
  }

  async #handle(page: FeedPage, isLastAttempt: boolean): Promise<void> {
    await this.#pages.handle(page, { from: this.#position, isLastAttempt });
    this.#position = page.throughPosition;
  }

  /* Says whether there is any use in going on. */
  async #pauseAfter(error: unknown, stopping: AbortSignal): Promise<boolean> {
    // Another node handled the batch; there is nothing wrong, and its checkpoint is read next.
    if (error instanceof CheckpointMoved && error.actual !== undefined) return true;
    this.#failures++;
    this.#lastError = error;
    const { name, version } = this.#target;
    const facts = { afterPosition: this.#position, failures: this.#failures, error };
    if (error instanceof ProjectionStopped || error instanceof TooManyParked) {
      this.#logger.error(`Projection "${name}" v${version} stopped.`, facts);
      return false;
    }
    if (!this.#pages.isTransient(error)) this.#failedAttempts++;
    const retryInMs = jittered(this.#backoff.nextMs());
    this.#logger.error(`Projection "${name}" v${version} failed and will try again.`, {
      ...facts,
      retryInMs,
    });
    await new WakeUp().wait(retryInMs, stopping);
    return true;
  }
}

/* Projections that failed together would otherwise come back together. */
function jittered(pauseMs: number): number {
  return Math.round(pauseMs * (0.5 + Math.random() / 2));
}
