import { checkBound } from '../application/events/check-query.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ProjectionState } from '../application/ports/projection-states.ts';
import type { ReadModelStore, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import { isSameBuild } from '../application/same-build.ts';
import { checkWho, requireReason } from '../application/who-and-why.ts';
import { checkShards } from './check-shards.ts';
import { deliveriesOf } from './delivery.ts';
import { eventAt } from './event-at.ts';
import { levelReactions } from './level-reactions.ts';
import { levelShards } from './level-shards.ts';
import type { Projection } from './projection.ts';
import {
  NoBuild,
  NotStored,
  NothingParked,
  NothingToSkip,
  ReshardRefused,
  ResetRefused,
} from './projection-errors.ts';
import { record } from './operator-options.ts';
import type { OperatorOptions } from './operator-options.ts';

/** Options of `reset`. */
export interface ResetOptions extends OperatorOptions {
  /** Has an event handler react once more to what it has reacted to; default false. */
  readonly firesAgain?: boolean | undefined;
}

/** What operators do to a build beside rebuilding it. Each call is recorded in the transaction that it acts in. */
export class OperatorActions {
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;

  constructor(stores: { events: EventStore; readModels: ReadModelStore }, logger: Logger) {
    this.#events = stores.events;
    this.#readModels = stores.readModels;
    this.#logger = logger;
  }

  /** Once this resolves, nothing is written any more. */
  async pause(projection: Projection, build: ProjectionState, options: OperatorOptions): Promise<void> {
    if (build.writtenBy === 'appends') throw new NotStored(projection.name, 'be paused');
    await this.#act(build, options, async transaction => {
      await transaction.states.change(build, { isPaused: true });
      await record(transaction, 'pause', build, options);
    });
  }

  /** Goes on with what was paused, or has stopped by itself. */
  async resume(build: ProjectionState, options: OperatorOptions): Promise<void> {
    await this.#act(build, options, async (transaction, now) => {
      const { projections } = await transaction.states.lock(build.name);
      // Paused before it was swapped; whoever resumes the projection does not think of that, and may need to roll back.
      const kept = projections.filter(({ status }) => options.build === undefined && status === 'kept');
      for (const each of [now, ...kept]) {
        if (each.isPaused) await transaction.states.change(each, { isPaused: false });
      }
      await transaction.states.restart(build);
      await record(transaction, 'resume', build, options);
    });
  }

  /** Sets the checkpoints of all shards. */
  async reset(
    projection: Projection,
    build: ProjectionState,
    position: number,
    options: ResetOptions,
  ): Promise<void> {
    const { name } = projection;
    checkBound('position', position, 0);
    const settled = await this.#events.settledPosition();
    await this.#act(build, options, async (transaction, now) => {
      // No shard may go back, so it counts how far the first of them is.
      const from = Math.max(...now.shards.map(shard => shard.position));
      if (now.writtenBy === 'appends') throw new NotStored(name, 'be reset');
      // What a shard has passed was settled for its runner, also where the look above does not reach so far.
      if (position > Math.max(settled, from))
        throw new ResetRefused(name, from, position, `the last settled event is at ${settled}.`);
      if (position < from) refuseRepetition(name, from, position, projection.react !== undefined, options);
      await transaction.states.setPosition(build, position);
      await record(transaction, 'reset', build, options, { from, to: position });
    });
  }

  /** Divides the keys of a build anew. */
  async reshard(
    projection: Projection,
    build: ProjectionState,
    shards: number,
    options: OperatorOptions,
  ): Promise<void> {
    checkShards(projection.name, shards);
    if (projection.react !== undefined) return this.#reshardReactions(projection, build, shards, options);
    const parkings = await this.#act(build, options, async (transaction, now) => {
      const target = furthest(now);
      const services = { readModels: this.#readModels, logger: this.#logger };
      const levelled = await levelShards(transaction, { projection, build: now, target }, services);
      await this.#reshard(transaction, now, shards, options);
      return levelled;
    });
    for (const parking of parkings) parking.report(this.#logger);
  }

  async #reshard(
    transaction: ReadModelTransaction,
    now: ProjectionState,
    shards: number,
    options: OperatorOptions,
  ): Promise<void> {
    await refuseParked(transaction, now);
    await transaction.states.reshard(now, shards);
    await record(transaction, 'reshard', now, options, { from: now.shards.length, to: shards });
  }

  /*
   * A reaction may wait and may append, so it has no place in a transaction: the build is paused, its shards are brought
   * to one position, and whatever follows lets it go on. Where this process dies meanwhile, it stays paused.
   */
  async #reshardReactions(
    projection: Projection,
    build: ProjectionState,
    shards: number,
    options: OperatorOptions,
  ): Promise<void> {
    const { isPaused } = await this.#act(build, options, async (transaction, now) => {
      refuseStopped(now);
      await refuseParked(transaction, now);
      // Also where it was paused before: what is under way is not to move a checkpoint any more.
      await transaction.states.change(build, { isPaused: true });
      return now;
    });
    const held = await this.#act(build, options, async (_transaction, now) => now);
    const release = async (transaction: ReadModelTransaction, now: ProjectionState): Promise<void> => {
      // Whoever has changed it meanwhile has decided whether it runs.
      if (isSameClaims(now, held)) await transaction.states.change(build, { isPaused });
    };
    try {
      const services = { readModels: this.#readModels, logger: this.#logger };
      await levelReactions({ projection, build: held, ...services });
      await this.#act(build, options, async (transaction, now) => {
        if (!isSameClaims(now, held))
          throw new ReshardRefused(build.name, 'somebody else has changed it. Try again.');
        await this.#reshard(transaction, now, shards, options);
        await transaction.states.change(build, { isPaused });
      });
    } catch (error) {
      await this.#act(build, options, release);
      throw error;
    }
  }

  /** Gives up the parked events of a key; returns how many. @throws {NothingParked} there are none */
  async discard(
    build: ProjectionState,
    key: string,
    options: OperatorOptions,
    throughPosition = Infinity,
  ): Promise<number> {
    const reason = requireReason(options);
    const parked = (await this.#readModels.listParked(build)).filter(candidate => candidate.key === key);
    const events = await this.#act(build, options, async transaction => {
      let discarded = 0;
      for (const { shard } of parked) {
        const id = { name: build.name, version: build.version, generation: build.generation, shard };
        const why = { reason, by: options.actor ?? null };
        discarded += await transaction.parked.discard(id, key, throughPosition, why);
      }
      // Whoever is late, or mistyped the key, must not take it for done.
      if (discarded === 0) throw new NothingParked(build.name, key);
      await record(transaction, 'discard', build, options, { key, events: discarded });
      return discarded;
    });
    const { name, version } = build;
    const facts = { key, events, reason, actor: options.actor };
    this.#logger.warn(`Parked events of projection "${name}" v${version} were discarded.`, facts);
    return events;
  }

  /** Records what was done elsewhere. */
  async note(
    action: string,
    build: ProjectionState,
    options: OperatorOptions,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.#readModels.transaction(transaction => record(transaction, action, build, options, details));
  }

  /** Gives up one event: the first of a parked key, or the one before which a projection has stopped. */
  async skip(
    projection: Projection,
    build: ProjectionState,
    position: number,
    options: OperatorOptions,
  ): Promise<void> {
    const parked = (await this.#readModels.listParked(build)).filter(
      candidate => candidate.position === position,
    );
    if (parked.length > 0) {
      for (const key of new Set(parked.map(candidate => candidate.key))) {
        await this.discard(build, key, options, position);
      }
      return;
    }
    const reason = requireReason(options);
    await this.#act(build, options, async (transaction, now) => {
      const event = await eventAt(position, projection, transaction);
      const stopped = now.shards.filter(shard => shard.condition === 'stopped');
      const isBefore = stopped.some(shard => shard.position < position);
      if (event === undefined || !isBefore) throw new NothingToSkip(projection.name, position);
      const error = stopped.find(shard => shard.error !== undefined)?.error ?? null;
      const why = { reason, by: options.actor ?? null };
      // Whichever of its keys fail; those that do not are written all the same.
      for (const { key, isWhole } of deliveriesOf(projection, [event], undefined)) {
        await transaction.parked.giveUp(build, { key, position, isWhole, error, attempts: 0 }, why);
      }
      await transaction.states.restart(build);
      await record(transaction, 'skip', build, options, { position });
    });
  }

  /* Works on the build as it is now, and lets nobody change it meanwhile. */
  async #act<T>(
    build: ProjectionState,
    options: OperatorOptions,
    work: (transaction: ReadModelTransaction, now: ProjectionState) => Promise<T>,
  ): Promise<T> {
    checkWho(options);
    return this.#readModels.changeStates(async transaction => {
      const { projections } = await transaction.states.lock(build.name);
      const now = projections.find(candidate => isSameBuild(candidate, build));
      if (now === undefined) throw new NoBuild(build.name);
      return work(transaction, now);
    });
  }
}

function refuseRepetition(
  name: string,
  from: number,
  to: number,
  isReaction: boolean,
  { firesAgain = false }: ResetOptions,
): void {
  if (!isReaction) {
    throw new ResetRefused(name, from, to, 'its rows already contain what comes after. Use rebuild().');
  }
  if (!firesAgain) {
    throw new ResetRefused(
      name,
      from,
      to,
      'it would react once more to what comes after. Ask for that with firesAgain.',
    );
  }
}

function furthest({ shards }: ProjectionState): number {
  return Math.max(...shards.map(({ position }) => position));
}

/* Every change of a build ends its claims, which raises the epochs. */
function isSameClaims(left: ProjectionState, right: ProjectionState): boolean {
  const epochs = ({ shards }: ProjectionState): string => shards.map(({ epoch }) => epoch).join();
  return epochs(left) === epochs(right);
}

function refuseStopped({ name, shards }: ProjectionState): void {
  const stopped = shards.find(({ condition }) => condition === 'stopped');
  if (stopped === undefined) return;
  const where = `shard ${stopped.shard} has stopped behind position ${stopped.position}`;
  throw new ReshardRefused(name, `${where}. Mend what made it stop, and resume it first.`);
}

async function refuseParked(transaction: ReadModelTransaction, build: ProjectionState): Promise<void> {
  const { name, version, generation } = build;
  for (const { shard } of build.shards) {
    const parked = await transaction.parked.countByKey({ name, version, generation, shard });
    if (parked.size > 0) {
      throw new ReshardRefused(name, 'events are parked. Retry or discard them first.');
    }
  }
}
