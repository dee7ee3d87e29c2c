import type { Class } from '../domain/index.ts';
import { checkTimeout } from '../application/check-timeout.ts';
import { checkBound } from '../application/events/check-query.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ProjectionWaiter } from '../application/ports/projection-waiter.ts';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import type { ParkedKey } from '../application/ports/parked-events.ts';
import { checkIdentifier } from '../domain/identifiers.ts';
import { InlineProjector } from './inline-projector.ts';
import { ParkedRetry } from './parked-retry.ts';
import type { RetryOutcome } from './parked-retry.ts';
import type { Projection } from './projection.ts';
import { ProjectionWaitTimeout, RebuildUnderWay } from './projection-errors.ts';
import { ProjectionRunner } from './projection-runner.ts';
import type { RunnerStatus } from './projection-runner.ts';
import type { ProjectionMode } from './projector.ts';
import type { ReadModelProjector } from './read-model-projector.ts';
import { rebuildProjection } from './rebuild.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';

/** Options of `waitFor`. */
export interface WaitOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A projection as `list` shows it. */
export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  /** Undefined for inline and live ones, which are never behind. */
  readonly runner: RunnerStatus | undefined;
  /** Keys that wait for an operator, and how many events wait under them. */
  readonly parked: { readonly keys: number; readonly events: number };
}

/** Options of `discardParked`. */
export interface DiscardOptions {
  /** Who decided it. */
  readonly by?: string | undefined;
}

const longestReason = 1_000;
const defaultTimeoutMs = 10_000;
// How late the progress of another process is seen.
const pollMs = 50;

/** Runs the projections of an app. */
export class Projections implements ProjectionWaiter {
  readonly #registry: ReadModelProjector;
  readonly #stores: { readonly events: EventStore; readonly readModels: ReadModelStore };
  readonly #logger: Logger;
  readonly #runners = new Map<Projection, ProjectionRunner>();
  #isStopped = false;

  constructor(
    registry: ReadModelProjector,
    stores: { events: EventStore; readModels: ReadModelStore },
    logger: Logger,
  ) {
    this.#registry = registry;
    this.#stores = stores;
    this.#logger = logger;
  }

  /** Makes the tables that are missing and starts every projection. */
  async start(): Promise<void> {
    this.#registry.start();
    const stored = this.#registry.projections.filter(projection => projection.mode !== 'live');
    for (const projection of stored) {
      // A new handler reacts to what happens from now on; what it missed is history, not news.
      const startAt = projection.react === undefined ? 0 : await this.#stores.events.settledPosition();
      await this.#stores.readModels.prepare(projection, projection.tables, startAt);
    }
    await this.#startInline(stored.filter(projection => projection.mode === 'inline'));
    for (const projection of stored.filter(({ mode }) => mode === 'async')) {
      const runner = new ProjectionRunner(projection, projection, this.#stores, this.#logger);
      this.#runners.set(projection, runner);
      runner.start();
    }
  }

  /** Lets the batches under way end, then stops. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#runners.values()].map(runner => runner.stop()));
  }

  /** Every projection and how it is doing. */
  async list(): Promise<readonly ProjectionStatus[]> {
    const parked = await this.#stores.readModels.countParked();
    return this.#registry.projections.map(projection => {
      const { name, version, mode } = projection;
      const own = parked.find(count => count.name === name && count.version === version);
      const { keys, events } = own ?? { keys: 0, events: 0 };
      return { name, version, mode, runner: this.#runners.get(projection)?.status, parked: { keys, events } };
    });
  }

  /** Goes on with a projection that stopped by itself; one that runs is left alone. */
  resume(projectorClass: Class): void {
    const runner = this.#runners.get(this.#registry.projectionOf(projectorClass));
    if (!this.#isStopped) runner?.start();
  }

  /** The keys whose events wait because one of them failed, by the position of that one. */
  async parked(projectorClass: Class): Promise<readonly ParkedKey[]> {
    return this.#stores.readModels.listParked(this.#registry.projectionOf(projectorClass));
  }

  /**
   * Handles parked events, each key's in order; a key that fails again stays parked.
   *
   * @param key - default: all keys
   * @throws {RetryUnderWay} somebody else is at it
   */
  async retryParked(projectorClass: Class, key?: string): Promise<RetryOutcome> {
    const projection = this.#registry.projectionOf(projectorClass);
    const keys = key === undefined ? await this.#stores.readModels.listParked(projection) : [{ key }];
    return new ParkedRetry(projection, this.#stores).run(keys.map(parked => parked.key));
  }

  /**
   * Gives up the parked events of a key, and records that; its later events are handled again.
   *
   * @returns how many events were given up
   * @throws {InvalidIdentifier} the reason is blank
   */
  async discardParked(
    projectorClass: Class,
    key: string,
    reason: string,
    { by }: DiscardOptions = {},
  ): Promise<number> {
    const { name, version } = this.#registry.projectionOf(projectorClass);
    checkIdentifier('reason', reason, longestReason);
    const discarded = await this.#stores.readModels.transaction(async transaction => {
      await transaction.lockCheckpoint({ name, version });
      return transaction.parked.discard({ name, version }, key, { reason, by: by ?? null });
    });
    const facts = { key, events: discarded, reason, by };
    this.#logger.warn(`Parked events of projection "${name}" v${version} were discarded.`, facts);
    return discarded;
  }

  requireProjection(projectorClass: Class): void {
    this.#registry.projectionOf(projectorClass);
  }

  /**
   * Waits until a projection has handled everything up to a position and stored it.
   *
   * @throws {ProjectionWaitTimeout} it did not get there in time
   * @throws {UnknownProjection} no module lists the projector
   */
  async waitFor(projectorClass: Class, position: number, options: WaitOptions = {}): Promise<void> {
    await this.#waitFor(this.#registry.projectionOf(projectorClass), position, options);
  }

  /** Waits until every projection has handled what is settled now. */
  async catchUp(options: WaitOptions = {}): Promise<void> {
    const position = await this.#stores.events.settledPosition();
    const waits = this.#registry.projections.map(projection => this.#waitFor(projection, position, options));
    await Promise.all(waits);
  }

  /** Builds a read model anew from all events; readers see the old one until the new one takes its place. */
  async rebuild(projectorClass: Class): Promise<void> {
    const projection = this.#registry.projectionOf(projectorClass);
    const runner = this.#runners.get(projection);
    await runner?.stop();
    try {
      await rebuildProjection(projection, this.#stores, this.#logger);
    } finally {
      if (!this.#isStopped) runner?.start();
    }
  }

  async #waitFor(projection: Projection, position: number, options: WaitOptions): Promise<void> {
    if (projection.mode !== 'async') return;
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    checkTimeout('timeoutMs', timeoutMs);
    checkBound('position', position, 0);
    const reached = await this.#waitUntil(projection, position, AbortSignal.timeout(timeoutMs), signal);
    if (reached >= position) return;
    const cause = this.#runners.get(projection)?.status.lastError;
    throw new ProjectionWaitTimeout(projection.name, position, reached, timeoutMs, cause);
  }

  async #startInline(inline: readonly Projection[]): Promise<void> {
    if (inline.length === 0) return;
    this.#stores.events.useInlineProjections(new InlineProjector(inline));
    for (const projection of inline) await this.#buildInline(projection);
  }

  /* At 0 it was never built, and what was appended before it existed has to be folded in; by one node. */
  async #buildInline(projection: Projection): Promise<void> {
    while ((await this.#stores.readModels.readCheckpoint(projection)) === 0) {
      if ((await this.#stores.events.settledPosition()) === 0) return;
      try {
        await rebuildProjection(projection, this.#stores, this.#logger);
        return;
      } catch (error) {
        if (!(error instanceof RebuildUnderWay)) throw error;
      }
      await new WakeUp().wait(pollMs, new AbortController().signal);
    }
  }

  async #waitUntil(
    projection: Projection,
    position: number,
    timeout: AbortSignal,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const wakeUp = new WakeUp();
    const unsubscribe = this.#stores.readModels.onCheckpoint(() => wakeUp.set());
    try {
      for (;;) {
        const reached = await this.#stores.readModels.readCheckpoint(projection);
        if (reached >= position || timeout.aborted) return reached;
        signal?.throwIfAborted();
        await wakeUp.wait(pollMs, timeout);
      }
    } finally {
      unsubscribe();
    }
  }
}
