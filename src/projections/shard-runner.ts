import type { EventStore, FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ClaimedShard, ShardCondition } from '../application/ports/projection-states.ts';
import { CheckpointMoved } from '../application/ports/read-model-errors.ts';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import { Backoff } from '../application/subscriptions/backoff.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { BatchSize } from './batch-size.ts';
import { errorText } from './error-text.ts';
import { PageHandler } from './page-handler.ts';
import type { ShardWork } from './page-handler.ts';
import type { Projection } from './projection.ts';
import type { ProjectionTelemetry } from './projection-telemetry.ts';
import { ProjectionStopped, TooManyParked } from './projection-errors.ts';
import { Throughput } from './throughput.ts';

/** A shard to run, and from where. */
export interface ShardToRun extends ShardWork {
  readonly position: number;
  /** Events handled in a second at most. */
  readonly maxEventsPerSecond: number | undefined;
}

/**
 * Feeds one shard from the store's tail: page, batch, checkpoint, and again.
 *
 * - `running` from the start
 * - `running` → `retrying` when a batch fails; nothing of the batch is kept, and it is tried again
 * - `retrying` → `running` when a batch succeeds, or the last attempt has parked the events that fail
 * - any → `stopped` by itself, where the projector's policy forbids to go on; it does nothing any more but see to it that
 *   this is noted, which may fail as anything else
 * - any → ended by `stop`, after the batch under way; or because the shard has another runner, or was changed
 */
export class ShardRunner {
  readonly shard: ClaimedShard;
  readonly #projection: Projection;
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  readonly #telemetry: ProjectionTelemetry;
  readonly #pages: PageHandler;
  readonly #backoff = new Backoff();
  readonly #throughput: Throughput;
  readonly #batchSize: BatchSize;
  readonly #stopping = new AbortController();
  #run: Promise<void> | undefined;
  #position: number;
  #condition: ShardCondition = 'running';
  // Failures that are the events' own fault, of the batch under way.
  #failedAttempts = 0;
  #eventsUnderWay = 0;
  #isLost = false;
  #lastError: unknown;
  #notedError: string | undefined;

  constructor(
    work: ShardToRun,
    stores: { events: EventStore; readModels: ReadModelStore },
    { logger, telemetry }: { logger: Logger; telemetry: ProjectionTelemetry },
  ) {
    this.#telemetry = telemetry;
    this.shard = work.shard;
    this.#projection = work.projection;
    this.#position = work.position;
    this.#throughput = new Throughput(work.maxEventsPerSecond);
    // A batch is handled first and waited for afterwards, so it is a second's worth at most.
    this.#batchSize = new BatchSize(Math.min(work.projection.batchSize, work.maxEventsPerSecond ?? Infinity));
    this.#events = stores.events;
    this.#readModels = stores.readModels;
    this.#logger = logger;
    this.#pages = new PageHandler(work, stores.readModels, logger);
  }

  /** Why it is retrying or has stopped. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Whether it has stopped by itself, as the projector's policy says. */
  get hasStopped(): boolean {
    return this.#condition === 'stopped';
  }

  /** Whether it has ended because the shard has another runner, or was changed. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Runs in the background. `onLost`: the shard is somebody else's now; `onStopped`: it has stopped by itself. */
  start({ onLost, onStopped }: { onLost: () => void; onStopped: () => void }): void {
    const { signal } = this.#stopping;
    this.#run = this.#loop(signal).then(async isLost => {
      if (signal.aborted) return;
      this.#isLost = isLost;
      if (isLost) return onLost();
      onStopped();
      await this.#untilNoted(signal);
    });
  }

  /** Lets the batch under way end, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
  }

  /* Says whether the shard is somebody else's now. */
  async #loop(stopping: AbortSignal): Promise<boolean> {
    while (!stopping.aborted) {
      try {
        await this.#followFeed(stopping);
      } catch (error) {
        if (error instanceof CheckpointMoved && error.isClaimedAnew) return true;
        if (error instanceof CheckpointMoved) this.#position = error.actual ?? 0;
        else if (!(await this.#pauseAfter(error, stopping))) return false;
      }
    }
    return false;
  }

  /* Until the batches are to be of another size. */
  async #followFeed(signal: AbortSignal): Promise<void> {
    const { types } = this.#projection;
    const batchSize = this.#batchSize.current;
    const subscription = this.#events.subscribe({ from: this.#position, types, batchSize, signal });
    for await (const page of subscription.pages()) {
      await this.#handle(page);
      this.#position = page.throughPosition;
      this.#condition = 'running';
      this.#failedAttempts = 0;
      this.#lastError = undefined;
      this.#backoff.reset();
      await this.#throughput.handled(page.events.length, signal);
      if (page.events.length > 0 && this.#batchSize.succeeded()) return;
    }
  }

  async #handle(page: FeedPage): Promise<void> {
    const { failure } = this.#projection;
    const { eventsPerSecond } = this.#throughput;
    this.#eventsUnderWay = page.events.length;
    const isReaction = this.#projection.react !== undefined && page.events.length > 0;
    // Of a read model the first attempt is always the fast one: what fails in it is undone, so nothing happens twice.
    const attempts = isReaction ? failure.attempts : Math.max(2, failure.attempts);
    const isLastAttempt = this.#failedAttempts + 1 >= attempts;
    const options = { from: this.#position, isLastAttempt, eventsPerSecond };
    await this.#telemetry.batch(this.shard, page.events, () =>
      isReaction ? this.#pages.react(page, options) : this.#pages.handle(page, options),
    );
  }

  /* Says whether there is any use in going on. */
  async #pauseAfter(error: unknown, stopping: AbortSignal): Promise<boolean> {
    this.#lastError = error;
    const { name, version, shard } = this.shard;
    const facts = { shard, afterPosition: this.#position, error };
    if (error instanceof ProjectionStopped || error instanceof TooManyParked) {
      this.#logger.error(`Projection "${name}" v${version} stopped.`, facts);
      await this.#note('stopped');
      return false;
    }
    if (!this.#pages.isTransient(error)) this.#failedAttempts++;
    else if (this.#eventsUnderWay > 1) this.#batchSize.failed(this.#eventsUnderWay);
    this.#telemetry.retried(this.shard, error);
    const retryInMs = jittered(this.#backoff.nextMs());
    this.#logger.error(`Projection "${name}" v${version} failed and will try again.`, {
      ...facts,
      retryInMs,
    });
    await this.#note('retrying');
    await new WakeUp().wait(retryInMs, stopping);
    return true;
  }

  /* Nothing fails any more that would be an occasion to note it, and only what is noted can be resumed. */
  async #untilNoted(stopping: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    while (this.#notedError === undefined) {
      await new WakeUp().wait(jittered(backoff.nextMs()), stopping);
      if (stopping.aborted) return;
      await this.#note('stopped');
    }
  }

  /* For operators; where the database is away, nobody reads it either. */
  async #note(condition: ShardCondition): Promise<void> {
    const error = errorText(this.#lastError);
    if (this.#condition === condition && this.#notedError === error) return;
    this.#condition = condition;
    this.#notedError = undefined;
    // Where this fails, it is noted at the next failure, or by `#untilNoted`.
    const noted = this.#readModels.noteCondition(this.shard, condition, error);
    await noted.then(() => (this.#notedError = error)).catch(() => undefined);
  }
}

/* Projections that failed together would otherwise come back together. */
function jittered(pauseMs: number): number {
  return Math.round(pauseMs * (0.5 + Math.random() / 2));
}
