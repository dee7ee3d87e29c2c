import { checkBound } from '../application/events/check-query.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import { BuildInUse } from '../application/ports/read-model-errors.ts';
import type { ProjectionState } from '../application/ports/projection-states.ts';
import type {
  Comparison,
  ReadModelStore,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import type { BatchParking } from './batch-parking.ts';
import { positionOf } from './builds.ts';
import { checkShards } from './check-shards.ts';
import { levelShards } from './level-shards.ts';
import { nextGeneration } from './next-generation.ts';
import type { Projection } from './projection.ts';
import { refuseBuild } from './refuse-build.ts';
import { settledEnd } from './settled-end.ts';
import {
  NewerVersionLive,
  NoBuild,
  NotCaughtUp,
  NotStored,
  RebuildParked,
  RebuildUnderWay,
} from './projection-errors.ts';
import { checkWho } from '../application/who-and-why.ts';
import type { Who } from '../application/index.ts';
import { record } from './operator-options.ts';

/** Options of a rebuild. */
export interface BuildOptions extends Who {
  /** Whether it takes the place of the live one by itself as soon as it has caught up; default true. */
  readonly swapsByItself?: boolean | undefined;
  /** Into how many parts the work is divided; default as the projector says. */
  readonly shards?: number | undefined;
  /** Events that each shard handles in a second at most, 1 or more; default as many as it can. */
  readonly maxEventsPerSecond?: number | undefined;
  /** Swaps although keys are parked in the new build that are not in the live one; default false. */
  readonly allowsParked?: boolean | undefined;
}

/** Options of a swap. */
export interface SwapOptions extends Who {
  /**
   * Rows of documents to compare first: a number, `all` or `none`; default 1,000. Of other tables the rows are counted.
   * What differs is recorded; `compare` tells more.
   */
  readonly compare?: number | 'all' | 'none' | undefined;
  /** Swaps although keys are parked in the new build that are not in the live one; default as the rebuild said. */
  readonly allowsParked?: boolean | undefined;
}

const defaultSample = 1_000;

// So close to the live one that the rest is handled within the swap.
const closeEnough = 1_000;
// PostgreSQL's integer holds it.
const largestRate = 2_147_483_647;

/**
 * Builds projections beside the live ones and lets them take their place.
 *
 * - `building`: its shards are fed like those of any build, by whichever nodes have the code; a node that dies is
 *   replaced, and what is stored goes on from its checkpoints
 * - `building` → `live` by the swap; the live one becomes `kept`, and an earlier kept one is dropped
 * - `kept` → `live` by a rollback, which makes the live one `kept`
 * - `building` or `kept` → gone by `cancel` or `drop`
 */
export class Rebuilds {
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  readonly #codeOf: (build: ProjectionState) => Projection | undefined;

  /** @param codeOf - the projection that a build is one of, if this process has its code */
  constructor(
    stores: { events: EventStore; readModels: ReadModelStore },
    logger: Logger,
    codeOf: (build: ProjectionState) => Projection | undefined,
  ) {
    this.#events = stores.events;
    this.#readModels = stores.readModels;
    this.#logger = logger;
    this.#codeOf = codeOf;
  }

  /**
   * Begins to build.
   *
   * @returns the generation of the build
   * @throws {InvalidQuery} `maxEventsPerSecond` makes no sense
   * @throws {RebuildUnderWay} it is being built already
   * @throws {InvalidProjectorOption} it cannot have so many shards
   */
  async begin(projection: Projection, options: BuildOptions): Promise<number> {
    const { name, version, mode, tables } = projection;
    if (projection.react !== undefined || mode === 'live') throw new NotStored(name, 'be rebuilt');
    checkWho(options);
    const { swapsByItself = true, allowsParked } = options;
    const maxEventsPerSecond = checkRate(options.maxEventsPerSecond);
    const { shards = projection.shards } = options;
    checkShards(name, shards);
    refuseBuild(name, options, 'building');
    return this.#readModels.changeStates(async transaction => {
      const { builds, live } = await lockBuilds(transaction, projection);
      if (builds.some(build => build.status === 'building')) throw new RebuildUnderWay(name);
      if (live.version > version) throw new NewerVersionLive(name, version, live.version);
      const generation = nextGeneration(builds, version);
      const id = { name, version, generation };
      const like = live.version === version ? live : undefined;
      const build = {
        ...id,
        status: 'building',
        ...{ swapsByItself, allowsParked },
        maxEventsPerSecond,
        shards,
        startAt: 0,
      } as const;
      await transaction.states.add(build, tables, like);
      await transaction.states.setGivenUp(id, false);
      const details = { generation, shards, ...(allowsParked === true && { allowsParked }) };
      await record(transaction, 'rebuild', projection, options, details);
      return generation;
    });
  }

  /** Gives up a build that has not been swapped in. @throws {NoBuild} there is none */
  async cancel(projection: Projection, options: Who): Promise<void> {
    await this.#remove(projection, 'building', 'cancel', options);
  }

  /** Removes the build that was kept for a rollback. @throws {NoBuild} there is none */
  async drop(projection: Projection, options: Who): Promise<void> {
    await this.#remove(projection, 'kept', 'drop', options);
  }

  /** Compares the rows of what is being built with those of the live build, both at the same position. */
  async compare(projection: Projection, sample: number | 'all' = defaultSample): Promise<Comparison> {
    const how = { tables: projection.tables, ...sampleOf(sample) };
    return this.#change(async (transaction, parkings) => {
      // Or the live build would go on while they are compared, and the new one would pass what is under way.
      await transaction.lockInline(projection.name);
      const { live, next } = await lockBuilds(transaction, projection, 'building');
      const furthest = Math.max(...[...live.shards, ...next.shards].map(shard => shard.position));
      const target = live.writtenBy === 'appends' ? await settledEnd(transaction, live.name) : furthest;
      for (const build of live.writtenBy === 'appends' ? [next] : [next, live]) {
        await this.#level(transaction, { build, target }, parkings);
      }
      return transaction.compare(live, next, how);
    });
  }

  /**
   * Lets what was built take the place of the live build, in one transaction with the checkpoints.
   *
   * @throws {NoBuild} nothing was built
   * @throws {NotCaughtUp} it is too far behind
   * @throws {RebuildParked} keys are parked in it that are not in the live one
   */
  async swap(projection: Projection, options: SwapOptions): Promise<Comparison | undefined> {
    refuseBuild(projection.name, options, 'building');
    checkWho(options);
    return this.#swap(projection, options, () => true);
  }

  async #swap(
    projection: Projection,
    options: SwapOptions,
    isMeant: (next: ProjectionState) => boolean,
  ): Promise<Comparison | undefined> {
    const comparison = await this.#compareRoughly(projection, options.compare ?? defaultSample);
    await this.#change(async (transaction, parkings) => {
      await transaction.lockInline(projection.name);
      const { builds, live, next } = await lockBuilds(transaction, projection, 'building');
      if (!isMeant(next)) throw new NoBuild(projection.name, 'building');
      await this.#catchUpWith(live, next, transaction, parkings);
      if (!(options.allowsParked ?? next.allowsParked)) await refuseNewlyParked(transaction, { live, next });
      const old = builds.filter(build => build.status === 'kept');
      for (const build of old) await transaction.states.remove(build);
      await putInPlace(transaction, { live, next });
      await record(transaction, 'swap', projection, options, { from: live.version, comparison });
    });
    return comparison;
  }

  /**
   * Lets the kept build take the place of the live one, which is kept then.
   *
   * @throws {NoBuild} none is kept
   * @throws {NotCaughtUp} it is too far behind, because no node has its code
   */
  async rollBack(projection: Projection, options: Who): Promise<void> {
    refuseBuild(projection.name, options, 'kept');
    checkWho(options);
    await this.#change(async (transaction, parkings) => {
      await transaction.lockInline(projection.name);
      const { live, next } = await lockBuilds(transaction, projection, 'kept');
      await this.#catchUpWith(live, next, transaction, parkings);
      await putInPlace(transaction, { live, next });
      await record(transaction, 'roll back', projection, options, { from: live.version, to: next.version });
    });
  }

  /** Whether what is being built is so close to the live build that a swap may succeed. */
  async isReady({ name }: Projection, builds: readonly ProjectionState[]): Promise<boolean> {
    const next = builds.find(build => build.name === name && build.status === 'building');
    const live = builds.find(build => build.name === name && build.status === 'live');
    if (next === undefined || live === undefined) return false;
    const goal = live.writtenBy === 'appends' ? await this.#events.settledPosition() : positionOf(live);
    // The swap handles the rest at once, which is to be no more than a second's worth of a build that is held back.
    return positionOf(next) + Math.min(closeEnough, next.maxEventsPerSecond ?? Infinity) >= goal;
  }

  /** Swaps what does so by itself, if it has caught up; says whether to look again soon. */
  async swapIfReady(projection: Projection, builds: readonly ProjectionState[]): Promise<boolean> {
    const next = builds.find(({ name, status }) => name === projection.name && status === 'building');
    if (next?.swapsByItself !== true || next.isPaused) return false;
    if (next.shards.some(shard => shard.condition === 'stopped')) return false;
    if (!(await this.isReady(projection, builds))) return false;
    try {
      // What an operator has said since the builds were looked at counts.
      const isMeant = (now: ProjectionState): boolean => now.swapsByItself && !now.isPaused;
      await this.#swap(projection, { reason: 'it has caught up' }, isMeant);
    } catch (error) {
      if (error instanceof NotCaughtUp) return true;
      if (error instanceof RebuildParked || error instanceof BuildInUse)
        await this.#leaveToOperator(next, error);
      else if (!(error instanceof NoBuild)) throw error;
    }
    return false;
  }

  async #leaveToOperator(next: ProjectionState, error: RebuildParked | BuildInUse): Promise<void> {
    this.#logger.error(`Projection "${next.name}" is not swapped by itself.`, { error });
    await this.#readModels.changeStates(async transaction => {
      await transaction.states.change(next, { swapsByItself: false, heldBecause: error.message });
      await record(transaction, 'hold', next, { reason: error.message });
    });
  }

  /* What was parked on the way is reported once it is committed. */
  async #change<T>(
    work: (transaction: ReadModelTransaction, parkings: BatchParking[]) => Promise<T>,
  ): Promise<T> {
    const parkings: BatchParking[] = [];
    const result = await this.#readModels.changeStates(transaction => work(transaction, parkings));
    for (const parking of parkings) parking.report(this.#logger);
    return result;
  }

  /* Without locks, because it may take long; so of rows that move on only those are compared that are at one position. */
  async #compareRoughly(
    projection: Projection,
    sample: number | 'all' | 'none',
  ): Promise<Comparison | undefined> {
    if (sample === 'none') return undefined;
    const rows = sampleOf(sample);
    const { projections } = await this.#readModels.readStates();
    const builds = projections.filter(({ name }) => name === projection.name);
    const live = builds.find(({ status }) => status === 'live');
    const next = builds.find(({ status }) => status === 'building');
    if (live === undefined || next === undefined) throw new NoBuild(projection.name, 'building');
    const through = Math.min(positionOf(next), live.writtenBy === 'appends' ? Infinity : positionOf(live));
    const how = { tables: projection.tables, ...rows, through };
    return this.#readModels.transaction(transaction => transaction.compare(live, next, how));
  }

  /* No reader may see less after the swap than before, so the next one goes as far as the live one has gone. */
  async #catchUpWith(
    live: ProjectionState,
    next: ProjectionState,
    transaction: ReadModelTransaction,
    parkings: BatchParking[],
  ): Promise<void> {
    const reached = Math.max(...live.shards.map(shard => shard.position));
    const target = live.writtenBy === 'appends' ? await settledEnd(transaction, live.name) : reached;
    await this.#level(transaction, { build: next, target }, parkings);
  }

  async #level(
    transaction: ReadModelTransaction,
    { build, target }: { build: ProjectionState; target: number },
    parkings: BatchParking[],
  ): Promise<void> {
    const projection = this.#codeOf(build);
    if (projection === undefined) {
      if (positionOf(build) >= target) return;
      throw new NotCaughtUp(build.name, positionOf(build), target);
    }
    const services = { readModels: this.#readModels, logger: this.#logger };
    parkings.push(...(await levelShards(transaction, { projection, build, target }, services)));
  }

  async #remove(
    projection: Projection,
    status: 'building' | 'kept',
    action: string,
    options: Who,
  ): Promise<void> {
    refuseBuild(projection.name, options, status);
    checkWho(options);
    await this.#readModels.changeStates(async transaction => {
      const { builds, next } = await lockBuilds(transaction, projection, status);
      await transaction.states.remove(next);
      const { version, generation } = next;
      // Where another build of the version stays, only a generation is gone.
      const isLast = builds.filter(build => build.version === version).length === 1;
      if (isLast) await transaction.states.setGivenUp(next, true);
      await record(transaction, action, { ...projection, version }, options, { generation });
    });
  }
}

interface Exchange {
  readonly live: ProjectionState;
  readonly next: ProjectionState;
}

async function lockBuilds(
  transaction: ReadModelTransaction,
  { name }: Projection,
  status: 'building' | 'kept' = 'building',
): Promise<Exchange & { readonly builds: readonly ProjectionState[] }> {
  const { projections: builds } = await transaction.states.lock(name);
  const live = builds.find(build => build.status === 'live');
  if (live === undefined) throw new NoBuild(name);
  const next = builds.find(build => build.status === status);
  return {
    builds,
    live,
    get next() {
      if (next === undefined) throw new NoBuild(name, status);
      return next;
    },
  };
}

/* No pause ends by it: what an operator has stopped goes on when they say so, whichever build serves by then. */
async function putInPlace(transaction: ReadModelTransaction, { live, next }: Exchange): Promise<void> {
  const { states } = transaction;
  const isInline = live.writtenBy === 'appends';
  const isPaused = live.isPaused || next.isPaused;
  if (isInline) await states.setPosition(live, await transaction.lastPosition());
  await states.change(live, { status: 'kept', writtenBy: 'runners' });
  await states.change(next, {
    ...{ status: 'live', swapsByItself: false, heldBecause: undefined, maxEventsPerSecond: undefined },
    isPaused,
    writtenBy: isInline && !isPaused && live.version === next.version ? 'appends' : 'runners',
  });
  await states.publish(next);
}

function checkRate(maxEventsPerSecond: number | undefined): number | undefined {
  if (maxEventsPerSecond === undefined) return undefined;
  return Math.min(checkBound('maxEventsPerSecond', maxEventsPerSecond, 1), largestRate);
}

function sampleOf(sample: number | 'all'): { readonly sample: number | undefined } {
  return { sample: sample === 'all' ? undefined : checkBound('sample', sample, 0) };
}

/* What fails in the live build too is no reason to keep that; what was given up there holds up no key in the new one. */
async function refuseNewlyParked(transaction: ReadModelTransaction, { live, next }: Exchange): Promise<void> {
  const before = new Set(await parkedKeys(transaction, live));
  const newly = (await parkedKeys(transaction, next)).filter(key => !before.has(key));
  if (newly.length > 0) throw new RebuildParked(next.name, newly.slice(0, 10));
}

async function parkedKeys(transaction: ReadModelTransaction, build: ProjectionState): Promise<string[]> {
  const { name, version, generation } = build;
  const keys: string[] = [];
  for (const { shard } of build.shards) {
    keys.push(...(await transaction.parked.countByKey({ name, version, generation, shard })).keys());
  }
  return keys;
}
