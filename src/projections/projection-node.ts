import { randomUUID } from 'node:crypto';
import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type {
  ClaimedShard,
  NodeState,
  ProjectionId,
  ProjectionState,
  ProjectionsView,
  ShardCondition,
  ShardId,
  ShardState,
} from '../application/ports/projection-states.ts';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { isSameBuild } from '../application/same-build.ts';
import { assignShards } from './assign-shards.ts';
import type { ShardToAssign } from './assign-shards.ts';
import type { Builds } from './builds.ts';
import { canRun, capabilities, inlineCapabilities } from './capability.ts';
import type { Obstacle } from './checkpoint-waiter.ts';
import type { Projection } from './projection.ts';
import type { ProjectionTelemetry } from './projection-telemetry.ts';
import { ShardRunner } from './shard-runner.ts';

/** How a node keeps its shards. */
export interface NodePace {
  /** Between two signs of life; default 2 s. */
  readonly beatMs: number;
  /** How long after its last sign of life a node's shards are its own; default 6 s. */
  readonly leaseMs: number;
}

/** Two seconds cost half a query a second; a node that dies is missed after three beats. */
export const defaultPace: NodePace = { beatMs: 2_000, leaseMs: 6_000 };

// While something is about to be swapped, so that it does not wait for a beat.
const busyBeatMs = 50;

/** How a build is doing in this process. */
export interface RunnerStatus {
  readonly state: ShardCondition;
  /** Why it is retrying, or why it stopped by itself. */
  readonly lastError: unknown;
}

interface PlacedShard extends ShardToAssign {
  readonly build: ProjectionState;
  readonly state: ShardState;
}

/** What a node runs with. */
export interface NodeServices {
  readonly projections: readonly Projection[];
  readonly builds: Builds;
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly logger: Logger;
  readonly telemetry: ProjectionTelemetry;
  /** Called when a shard has stopped by itself. */
  readonly onStopped: (shard: ClaimedShard) => void;
  /** What else is to be done after each beat; says whether there will be more soon. */
  readonly afterBeat: (view: ProjectionsView, owned: (build: ProjectionState) => boolean) => Promise<boolean>;
}

/**
 * This process as one of those that run projections.
 *
 * At each beat it says that it is alive, learns of the others, works out which shards are its own (see `assignShards`),
 * gives up the rest and claims what it lacks; what was changed since it looked it gets at the next beat. A node that does not beat loses its shards to the others; if it comes
 * back, the epoch of its claims has ended, and what it had under way is not written.
 */
export class ProjectionNode {
  #self: NodeState;
  readonly #pace: NodePace;
  readonly #services: NodeServices;
  readonly #runners = new Map<string, ShardRunner>();
  readonly #beatSoon = new WakeUp();
  readonly #hasBeaten = new WakeUp();
  readonly #stopping = new AbortController();
  #beating: Promise<void> | undefined;
  #run: Promise<void> | undefined;
  #isBusy = false;

  constructor(services: NodeServices, pace: NodePace = defaultPace) {
    this.#services = services;
    this.#pace = pace;
    this.#self = { node: randomUUID(), runs: inlineCapabilities(services.projections) };
  }

  get state(): NodeState {
    return this.#self;
  }

  /** Says from now on that it is alive, without being there for shards yet. */
  async join(): Promise<void> {
    await this.#beat();
    const unsubscribe = this.#services.readModels.onStatesChanged(() => this.#beatSoon.set());
    this.#beating = this.#keepBeating().finally(unsubscribe);
  }

  /** Runs shards in the background until `stop`; resolves when the first of them do. */
  async start(): Promise<void> {
    this.#self = { ...this.#self, runs: capabilities(this.#services.projections) };
    await this.#beat();
    await this.#converge();
    this.#run = this.#loop();
  }

  /** Lets the batches under way end, and hands its shards over. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#run;
    await Promise.all([...this.#runners.values()].map(runner => runner.stop()));
    this.#runners.clear();
    await this.#beating;
    // Where the database is away, the lease ends by itself.
    await this.#services.readModels.leave(this.#self.node).catch(() => undefined);
  }

  /** How a build is doing that this node or another runs. */
  statusOf(build: ProjectionState): RunnerStatus {
    const obstacle = this.obstacleOf(build);
    if (build.isPaused || this.#stopping.signal.aborted) return { state: 'stopped', lastError: undefined };
    const state = obstacle === undefined ? 'running' : obstacle.hasStopped ? 'stopped' : 'retrying';
    return { state, lastError: obstacle?.error };
  }

  /** What keeps a build back: what this node knows of its shards, or else what others have noted. */
  obstacleOf(id: ProjectionId): Obstacle | undefined {
    const epochs = epochsOf(this.#services.builds.view);
    // What has been resumed since is no longer what keeps it back.
    const isCurrent = ({ shard }: ShardRunner): boolean => (epochs.get(keyOf(shard)) ?? 0) <= shard.epoch;
    const runners = [...this.#runners.values()].filter(
      runner => isOf(runner.shard, id) && runner.lastError !== undefined && isCurrent(runner),
    );
    const runner = runners.find(({ hasStopped }) => hasStopped) ?? runners[0];
    if (runner !== undefined) return { error: runner.lastError, hasStopped: runner.hasStopped };
    const build = this.#services.builds.view.projections.find(candidate => isSameBuild(candidate, id));
    const stopped = build?.shards.find(
      shard => shard.condition === 'stopped' && shard.owner !== this.#self.node,
    );
    return stopped && { error: new Error(stopped.error), hasStopped: true };
  }

  /* On its own: what a node does after a beat may take longer than its lease. */
  async #keepBeating(): Promise<void> {
    while (!this.#isStopping()) {
      await this.#beatSoon.wait(this.#isBusy ? busyBeatMs : this.#pace.beatMs, this.#stopping.signal);
      if (this.#isStopping()) return;
      try {
        await this.#beat();
      } catch (error) {
        this.#services.logger.warn('A node could not say that it is alive and will try again.', { error });
      }
      this.#hasBeaten.set();
    }
  }

  async #loop(): Promise<void> {
    while (!this.#isStopping()) {
      await this.#hasBeaten.wait(Infinity, this.#stopping.signal);
      if (this.#isStopping()) return;
      try {
        await this.#converge();
      } catch (error) {
        this.#isBusy = false;
        this.#services.logger.error('A node could not see to its projections and will try again.', { error });
      }
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #beat(): Promise<void> {
    const { builds, readModels } = this.#services;
    await builds.see(() => readModels.beat(this.#self, this.#pace.leaseMs));
  }

  async #converge(): Promise<void> {
    const { view } = this.#services.builds;
    const placed = this.#placedShards(view);
    const assigned = assignShards(placed);
    const own = new Set(placed.filter(shard => assigned.get(shard) === this.#self.node));
    const givenUp = await this.#giveUp(view, own);
    await this.#release([...givenUp, ...placed.filter(shard => this.#isLeftOver(shard, own))]);
    const missing = [...own].filter(shard => !this.#runners.has(keyOf(shard)));
    await this.#claim(missing);
    // What was locked or changed just now can be had in a moment.
    const lacksSome = missing.some(shard => !this.#runners.has(keyOf(shard)));
    const isOwned = (build: ProjectionState): boolean =>
      [...own].some(shard => isOf(shard, build) && shard.shard === 0);
    this.#isBusy = (await this.#services.afterBeat(view, isOwned)) || lacksSome;
  }

  #placedShards({ nodes, projections }: ProjectionsView): readonly PlacedShard[] {
    return projections.filter(mayRun).flatMap(build => {
      const candidates = nodes.filter(node => node.isAlive && canRun(node, build)).map(({ node }) => node);
      const { name, version, generation } = build;
      return build.shards.map(state => ({
        ...{ name, version, generation, shard: state.shard, owner: state.owner },
        ...{ build, state, candidates },
      }));
    });
  }

  /*
   * What runs under an epoch that has ended is given up too; it is claimed anew in the next step. A view that was read
   * before this node has claimed a shard says nothing of it. Returns what others may have now.
   */
  async #giveUp(view: ProjectionsView, own: ReadonlySet<PlacedShard>): Promise<readonly ShardId[]> {
    const ownKeys = new Set([...own].map(keyOf));
    const epochs = epochsOf(view);
    const lost = [...this.#runners].filter(([key, { shard, isLost }]) => {
      // Whatever the epochs look like: where a server was put back to an older state, they may begin anew.
      if (isLost) return true;
      const epoch = epochs.get(key) ?? Infinity;
      return epoch > shard.epoch || (epoch === shard.epoch && !ownKeys.has(key));
    });
    await Promise.all(lost.map(([, runner]) => runner.stop()));
    const shards = lost.map(([, { shard }]) => shard);
    for (const shard of shards) {
      this.#runners.delete(keyOf(shard));
      const change = ownKeys.has(keyOf(shard)) ? 'lost' : 'released';
      this.#services.telemetry.leaseChanged(shard, shard.shard, change);
    }
    return shards.filter(shard => !ownKeys.has(keyOf(shard)));
  }

  /* What it gave up before, while the database was away: nobody else may claim it until it is released. */
  #isLeftOver(shard: PlacedShard, own: ReadonlySet<PlacedShard>): boolean {
    return shard.owner === this.#self.node && !own.has(shard) && !this.#runners.has(keyOf(shard));
  }

  async #release(shards: readonly ShardId[]): Promise<void> {
    const unique = new Map(shards.map(shard => [keyOf(shard), shard]));
    if (unique.size > 0) await this.#services.readModels.release(this.#self.node, [...unique.values()]);
  }

  async #claim(shards: readonly PlacedShard[]): Promise<void> {
    if (shards.length === 0) return;
    const { readModels, events, logger, telemetry } = this.#services;
    const seen = shards.map(({ name, version, generation, shard, state: { epoch } }) => {
      return { name, version, generation, shard, epoch };
    });
    const claimed = await readModels.claim(this.#self.node, seen);
    for (const shard of claimed) {
      const placed = shards.find(candidate => isSame(candidate, shard))!;
      const projection = this.#projectionOf(placed);
      if (projection === undefined) continue;
      const { build, state } = placed;
      const work = {
        ...{ projection, shard, shards: build.shards.length, position: state.position },
        maxEventsPerSecond: build.maxEventsPerSecond,
      };
      const runner = new ShardRunner(work, { events, readModels }, { logger, telemetry });
      telemetry.leaseChanged(shard, shard.shard, 'acquired');
      this.#runners.set(keyOf(shard), runner);
      runner.start({ onLost: () => this.#beatSoon.set(), onStopped: () => this.#services.onStopped(shard) });
    }
  }

  #projectionOf({ name, version }: PlacedShard): Projection | undefined {
    return this.#services.projections.find(
      projection => projection.name === name && projection.version === version,
    );
  }
}

function epochsOf({ projections }: ProjectionsView): ReadonlyMap<string, number> {
  const shards = projections.flatMap(build =>
    build.shards.map(({ shard, epoch }): [string, number] => [keyOf({ ...build, shard }), epoch]),
  );
  return new Map(shards);
}

function mayRun({ isPaused, writtenBy }: ProjectionState): boolean {
  return !isPaused && writtenBy === 'runners';
}

function keyOf({ name, version, generation, shard }: ShardId): string {
  return `${name}@${version}.${generation}/${shard}`;
}

function isSame(left: ShardId, right: ShardId): boolean {
  return keyOf(left) === keyOf(right);
}

function isOf(shard: ShardId, build: ProjectionId): boolean {
  return keyOf(shard) === keyOf({ ...build, shard: shard.shard });
}
