import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { NodeState, ProjectionState, ProjectionsView } from '../application/ports/projection-states.ts';
import type { ReadModelStore, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { positionOf } from './builds.ts';
import type { Builds } from './builds.ts';
import { inlineNames, writesInline } from './capability.ts';
import type { Obstacle } from './checkpoint-waiter.ts';
import { levelShards } from './level-shards.ts';
import type { Projection } from './projection.ts';
import { NotCaughtUp } from './projection-errors.ts';
import { settledEnd } from './settled-end.ts';

// So close to the end that the rest is handled while appends wait.
const closeEnough = 1_000;
// How late the progress of runners is seen.
const pollMs = 20;

/**
 * Changes who writes to inline projections: every append, as long as every node that is alive does so; otherwise
 * runners, like those of an async one. Both ways nothing is lost and nothing handled twice, whatever is being appended.
 */
export class InlineSwitch {
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #logger: Logger;
  readonly #stopping: AbortSignal;

  constructor(
    stores: { events: EventStore; readModels: ReadModelStore },
    logger: Logger,
    stopping: AbortSignal,
  ) {
    this.#stopping = stopping;
    this.#events = stores.events;
    this.#readModels = stores.readModels;
    this.#logger = logger;
  }

  /**
   * Has runners write to whatever appends of other nodes write to, and those of this node do not.
   *
   * @param isStarting - whether this node has not appended yet: then also those are looked at that somebody may be
   *   about to have written by appends, without knowing of this node. Later only a node that was late finds any.
   */
  async yield(
    node: NodeState,
    { nodes, projections }: ProjectionsView,
    { isStarting = false }: { isStarting?: boolean } = {},
  ): Promise<void> {
    const own = new Set(inlineNames([node]));
    const written = projections.filter(build => build.writtenBy === 'appends' && !writesInline(node, build));
    const announced = isStarting ? inlineNames(nodes).filter(name => !own.has(name)) : [];
    for (const name of new Set([...written.map(build => build.name), ...announced])) {
      await this.toRunners(name, node);
    }
  }

  /**
   * Returns once appends write to a projection, or when other nodes or parked events keep them from it.
   *
   * @throws whatever the projector throws while what was appended before is handled
   */
  async untilWritten(
    projection: Projection,
    builds: Builds,
    node: { obstacleOf(build: ProjectionState): Obstacle | undefined },
  ): Promise<void> {
    while (!this.#stopping.aborted) {
      await builds.refresh();
      const build = builds.serving(projection);
      const { nodes } = builds.view;
      if (build.version !== projection.version || build.writtenBy === 'appends' || build.isPaused) return;
      if (!nodes.every(other => writesInline(other, build))) return;
      const error = node.obstacleOf(build)?.error;
      if (error !== undefined && !this.#readModels.isTransient(error)) throw error;
      await this.followNodes(projection, build, nodes);
      if ((await this.#readModels.listParked(build)).length > 0) {
        this.#logger.warn(`Projection "${build.name}" is not inline yet, because events are parked.`);
        return;
      }
      await new WakeUp().wait(pollMs, this.#stopping);
    }
  }

  /**
   * Has runners write to a projection that appends of this node do not write to, before it appends anything. The node
   * must have joined: then whoever switches back finds it.
   */
  async toRunners(name: string, node: NodeState): Promise<void> {
    await this.#readModels.changeStates(async transaction => {
      await transaction.lockInline(name);
      const { projections } = await transaction.states.lock(name);
      const build = projections.find(candidate => candidate.writtenBy === 'appends');
      if (build === undefined || writesInline(node, build)) return;
      // No append that concerns it can be under way, so all that it has seen is at or below the last event.
      await transaction.states.setPosition(build, await transaction.lastPosition());
      await transaction.states.change(build, { writtenBy: 'runners' });
      const operation = { action: 'to runners', name, version: build.version };
      const reason = 'a node is running that does not write it in its appends';
      await transaction.states.record({ ...operation, actor: 'system', reason });
    });
  }

  /**
   * Has appends write to a projection, if all nodes do so and it has nearly caught up.
   *
   * @returns whether appends write to it now
   */
  async toAppends(projection: Projection): Promise<boolean> {
    const parkings = await this.#readModels.changeStates(async transaction => {
      await transaction.lockInline(projection.name);
      const { nodes, projections } = await transaction.states.lock(projection.name);
      const build = projections.find(candidate => isLive(candidate, projection));
      if (build?.writtenBy !== 'runners') return build === undefined ? undefined : [];
      if (build.isPaused || !nodes.every(node => writesInline(node, build))) return undefined;
      // In the order of its key what is parked comes before what an append would write.
      if (await hasParked(transaction, build)) return undefined;
      const target = await settledEnd(transaction, projection.name);
      const parkings = await levelShards(
        transaction,
        { projection, build, target },
        { readModels: this.#readModels, logger: this.#logger },
      );
      await transaction.states.change(build, { writtenBy: 'appends' });
      const operation = { action: 'to appends', name: build.name, version: build.version };
      await transaction.states.record({ ...operation, actor: 'system', reason: 'all nodes write it' });
      return parkings;
    });
    for (const parking of parkings ?? []) parking.report(this.#logger);
    return parkings !== undefined;
  }

  /** Does the same where it seems possible now; says whether to look again soon. */
  async followNodes(
    projection: Projection,
    build: ProjectionState,
    nodes: readonly NodeState[],
  ): Promise<boolean> {
    if (!nodes.every(node => writesInline(node, build)) || build.isPaused) return false;
    if (build.shards.some(shard => shard.condition === 'stopped')) return false;
    if (positionOf(build) + closeEnough < (await this.#events.settledPosition())) return false;
    try {
      await this.toAppends(projection);
      return false;
    } catch (error) {
      if (error instanceof NotCaughtUp) return true;
      throw error;
    }
  }
}

async function hasParked(transaction: ReadModelTransaction, build: ProjectionState): Promise<boolean> {
  const { name, version, generation } = build;
  for (const { shard } of build.shards) {
    if ((await transaction.parked.countByKey({ name, version, generation, shard })).size > 0) return true;
  }
  return false;
}

function isLive(build: ProjectionState, { name, version }: Projection): boolean {
  return build.status === 'live' && build.name === name && build.version === version;
}
