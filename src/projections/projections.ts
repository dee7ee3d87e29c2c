import type { Class } from '../domain/index.ts';
import type { Logger } from '../application/ports/logger.ts';
import { checkBound } from '../application/events/check-query.ts';
import type { ParkedKey } from '../application/ports/parked-events.ts';
import type { RecordedOperation } from '../application/ports/operation.ts';
import type {
  BuildStatus,
  ProjectionState,
  ProjectionsView,
} from '../application/ports/projection-states.ts';
import type { ProjectionWaiter } from '../application/ports/projection-waiter.ts';
import type { Store } from '../application/ports/store.ts';
import type { Comparison } from '../application/ports/read-model-store.ts';
import type { Builds } from './builds.ts';
import { CheckpointWaiter } from './checkpoint-waiter.ts';
import type { WaitOptions } from './checkpoint-waiter.ts';
import { InlineProjector } from './inline-projector.ts';
import { InlineSwitch } from './inline-switch.ts';
import { OperatorActions } from './operator-actions.ts';
import type { ResetOptions } from './operator-actions.ts';
import { ParkedRetry } from './parked-retry.ts';
import type { RetryOutcome } from './parked-retry.ts';
import { prepareBuild } from './prepare-build.ts';
import type { Projection } from './projection.ts';
import { NoBuild, NothingParked, OtherVersionServes } from './projection-errors.ts';
import { ProjectionNode } from './projection-node.ts';
import type { NodePace } from './projection-node.ts';
import type { ProjectionServices, RunningProjection } from './projection-services.ts';
import { statusOf } from './projection-status.ts';
import type { ProjectionStatus } from './projection-status.ts';
import { noProjectionTelemetry } from './projection-telemetry.ts';
import type { ProjectionTelemetry } from './projection-telemetry.ts';
import type { ReadModelProjector } from './read-model-projector.ts';
import { Rebuilds } from './rebuilds.ts';
import type { BuildOptions, SwapOptions } from './rebuilds.ts';
import { servingCheckpoints } from './serving-checkpoints.ts';
import type { SettledWaiter } from './settled-waiter.ts';
import { RebuildWatch } from './watch-rebuild.ts';
import { checkWho } from '../application/who-and-why.ts';
import type { Who } from '../application/index.ts';
import type { OperatorOptions } from './operator-options.ts';

/**
 * Runs the projections of an app, and does what operators ask for. A projector is named by its class, or by its name.
 *
 * A projector class stands for the build that answers for it here: of its own version if that is complete, otherwise
 * the live one.
 */
export class Projections implements ProjectionWaiter {
  readonly #registry: ReadModelProjector;
  readonly #stores: Pick<Store, 'events' | 'readModels' | 'health'>;
  readonly #builds: Builds;
  readonly #inline: InlineSwitch;
  readonly #rebuilds: Rebuilds;
  readonly #watch: RebuildWatch;
  readonly #actions: OperatorActions;
  readonly #logger: Logger;
  readonly #pace: NodePace | undefined;
  readonly #stopping = new AbortController();
  #node: ProjectionNode | undefined;
  readonly #waiter: CheckpointWaiter;
  readonly #settled: SettledWaiter;
  readonly #telemetry: ProjectionTelemetry;

  constructor(
    registry: ReadModelProjector,
    stores: Pick<Store, 'events' | 'readModels' | 'health'>,
    { builds, settled, logger, scope, telemetry = noProjectionTelemetry, pace }: ProjectionServices,
  ) {
    this.#registry = registry;
    this.#stores = stores;
    this.#builds = builds;
    this.#settled = settled;
    this.#logger = logger;
    this.#pace = pace;
    this.#telemetry = telemetry;
    this.#inline = new InlineSwitch(stores, logger, this.#stopping.signal);
    this.#rebuilds = new Rebuilds(stores, logger, build => this.#codeOf(build));
    this.#watch = new RebuildWatch(
      this.#rebuilds,
      { builds, stopping: this.#stopping.signal },
      build => this.#node?.obstacleOf(build)?.error,
    );
    this.#actions = new OperatorActions(stores, logger);
    this.#waiter = new CheckpointWaiter({
      store: servingCheckpoints(this.#builds, this.#stores.readModels),
      events: stores.events,
      scope,
      obstacleOf: projection => this.#node?.obstacleOf(this.#builds.serving(projection)),
    });
  }

  /** Makes what is missing, and runs this process's share of all projections. */
  async start(): Promise<void> {
    this.#registry.start();
    const stored = this.#registry.projections.filter(projection => projection.mode !== 'live');
    const inline = stored.filter(projection => projection.mode === 'inline');
    if (inline.length > 0) this.#stores.events.useInlineProjections(new InlineProjector(inline));
    const node = new ProjectionNode(
      {
        ...{ projections: stored, builds: this.#builds, ...this.#stores, logger: this.#logger },
        telemetry: this.#telemetry,
        afterBeat: (view, isOwned) => this.#afterBeat(view, isOwned),
        // Whoever waits for it need not wait any longer.
        onStopped: shard => this.#waiter.lookAgain(shard),
      },
      this.#pace,
    );
    this.#node = node;
    await node.join();
    for (const projection of stored) await prepareBuild(projection, this.#stores, this.#builds.view);
    await this.#builds.refresh();
    await this.#inline.yield(node.state, this.#builds.view, { isStarting: true });
    await node.start();
    for (const projection of inline) await this.#inline.untilWritten(projection, this.#builds, node);
  }

  /** Lets the batches under way end, hands over to other nodes, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiter.close();
    this.#settled.close();
    await this.#node?.stop();
  }

  /** Every build of every projection, also of those that only other nodes run, and how it is doing. */
  async list(): Promise<readonly ProjectionStatus[]> {
    await this.#builds.refresh();
    const { projections } = this.#builds.view;
    const lags = await this.#stores.health.lags(projections);
    return projections.map(build => statusOf(build, lags));
  }

  /** The builds that answer for this app and are fed in the background, as this process knows them; asks nobody. */
  running(): readonly RunningProjection[] {
    const node = this.#node;
    if (node === undefined) return [];
    const builds = this.#registry.projections
      .filter(({ mode }) => mode !== 'live')
      .map(each => this.#builds.serving(each));
    return builds
      .filter(build => build.writtenBy === 'runners')
      .map(build => {
        const { name, version, generation } = build;
        return { name, version, generation, runner: node.statusOf(build) };
      });
  }

  /** What was done to a projection, or to all of them; the latest first. @param limit - default 100 */
  async history(projector?: Class | string, limit = 100): Promise<readonly RecordedOperation[]> {
    const name = projector && this.#registry.projectionOf(projector).name;
    return this.#stores.readModels.listOperations(name, checkBound('limit', limit, 1));
  }

  /** Stops handling events until `resume`. Once it resolves, nothing is written any more. */
  async pause(projector: Class | string, options: OperatorOptions = {}): Promise<void> {
    const { projection, build } = await this.#withCode(projector, options.build);
    await this.#actions.pause(projection, build, options);
  }

  /**
   * Goes on with a projection that was paused, or that stopped by itself; one that runs is left alone.
   *
   * Without `build`, a kept build that was paused goes on as well.
   */
  async resume(projector: Class | string, options: OperatorOptions = {}): Promise<void> {
    await this.#actions.resume(await this.#fresh(projector, options.build), options);
    await this.#builds.refresh();
  }

  /**
   * Sets the checkpoint; what it passes over is not handled.
   *
   * @throws {ResetRefused} it would handle events twice
   */
  async reset(projector: Class | string, position: number, options: ResetOptions = {}): Promise<void> {
    const { projection, build } = await this.#withCode(projector, options.build);
    await this.#actions.reset(projection, build, position, options);
  }

  /**
   * Divides the keys of a projection into another number of shards, which any number of nodes can share.
   *
   * An event handler is paused until its shards have come to one position; what it has under way then happens twice.
   *
   * @throws {ReshardRefused} events are parked, or a shard of an event handler has stopped
   * @throws {NotCaughtUp} the shards are too far apart
   */
  async reshard(projector: Class | string, shards: number, options: OperatorOptions = {}): Promise<void> {
    const { projection, build } = await this.#withCode(projector, options.build);
    await this.#actions.reshard(projection, build, shards, options);
  }

  /** The keys whose events wait because one of them failed, by the position of that one. */
  async parked(
    projector: Class | string,
    { build }: Pick<OperatorOptions, 'build'> = {},
  ): Promise<readonly ParkedKey[]> {
    return this.#stores.readModels.listParked(await this.#fresh(projector, build));
  }

  /**
   * Handles parked events, each key's in order; a key that fails again stays parked.
   *
   * @param key - default: all keys
   * @throws {NothingParked} nothing is under this key
   * @throws {RetryUnderWay} somebody else is at it
   */
  async retryParked(
    projector: Class | string,
    key?: string,
    options: OperatorOptions = {},
  ): Promise<RetryOutcome> {
    checkWho(options);
    const { projection, build } = await this.#withCode(projector, options.build);
    const parked = await this.#stores.readModels.listParked(build);
    const keys = key === undefined ? parked : parked.filter(candidate => candidate.key === key);
    if (key !== undefined && keys.length === 0) throw new NothingParked(build.name, key);
    const outcome = await new ParkedRetry(projection, build, this.#stores.readModels).run(keys);
    await this.#actions.note('retry', build, options, { key, ...outcome });
    return outcome;
  }

  /**
   * Gives up the parked events of a key, and records that; its later events are handled again.
   *
   * @returns how many events were given up
   * @throws {NothingParked} nothing is under this key
   * @throws {InvalidIdentifier} the reason is blank
   */
  async discardParked(
    projector: Class | string,
    key: string,
    reason: string,
    { actor, build }: Omit<OperatorOptions, 'reason'> = {},
  ): Promise<number> {
    return this.#actions.discard(await this.#fresh(projector, build), key, { reason, actor });
  }

  /**
   * Gives up one event, and records that: the first of a parked key, whose others stay parked until they are retried;
   * or the one before which the projection has stopped, which goes on then.
   *
   * @throws {NothingToSkip} it is neither
   */
  async skip(
    projector: Class | string,
    position: number,
    reason: string,
    { actor, build: status }: Omit<OperatorOptions, 'reason'> = {},
  ): Promise<void> {
    const { projection, build } = await this.#withCode(projector, status);
    await this.#actions.skip(projection, build, position, { reason, actor });
    await this.#builds.refresh();
  }

  /**
   * Builds a read model anew from all events, beside the live one, which serves until it is swapped.
   *
   * Whichever nodes have the code build it, and go on with it if this one stops.
   *
   * @returns once it is swapped; with `swapsByItself: false` once it could be
   * @throws {RebuildUnderWay} it is being built already
   * @throws {RebuildParked} events failed that the live build has handled; it waits for a decision
   * @throws {RebuildEnded} it was cancelled, or this app stops
   */
  async rebuild(projector: Class | string, options: BuildOptions = {}): Promise<void> {
    const projection = this.#registry.projectionOf(projector);
    await this.#telemetry.rebuild(projection, async () => {
      const generation = await this.#rebuilds.begin(projection, options);
      await this.#watch.untilBuilt(projection, generation, options);
    });
  }

  /**
   * Begins a rebuild and does not wait for it: nodes with the code build it, and swap it unless `swapsByItself` is false.
   *
   * @returns the generation of the build
   * @throws {RebuildUnderWay} it is being built already
   */
  async beginRebuild(projector: Class | string, options: BuildOptions = {}): Promise<number> {
    return this.#rebuilds.begin(this.#registry.projectionOf(projector), options);
  }

  /** Gives up what is being built. @throws {NoBuild} nothing is */
  async cancelRebuild(projector: Class | string, options: Who = {}): Promise<void> {
    await this.#rebuilds.cancel(this.#registry.projectionOf(projector), options);
  }

  /** Compares the rows of what is being built with the live ones. @param sample - rows of each table; default 1,000 */
  async compare(projector: Class | string, sample?: number | 'all'): Promise<Comparison> {
    return this.#rebuilds.compare(this.#registry.projectionOf(projector), sample);
  }

  /**
   * Lets what was built take the place of the live build, which is kept; one that was kept before is dropped.
   *
   * @throws {NoBuild} nothing was built
   * @throws {NotCaughtUp} it is too far behind
   * @throws {RebuildParked} events are parked in it that the live build has handled
   */
  async swap(projector: Class | string, options: SwapOptions = {}): Promise<Comparison | undefined> {
    return this.#rebuilds.swap(this.#registry.projectionOf(projector), options);
  }

  /**
   * Lets the kept build serve again, and keeps the one that served.
   *
   * @throws {NoBuild} none is kept
   * @throws {NotCaughtUp} it is behind the live one, because no node has its code
   */
  async rollBack(projector: Class | string, options: Who = {}): Promise<void> {
    await this.#rebuilds.rollBack(this.#registry.projectionOf(projector), options);
  }

  /** Removes the kept build. @throws {NoBuild} none is kept */
  async drop(projector: Class | string, options: Who = {}): Promise<void> {
    await this.#rebuilds.drop(this.#registry.projectionOf(projector), options);
  }

  requireProjection(projector: Class | string): void {
    this.#waiter.requireOutside(this.#registry.projectionOf(projector));
  }

  /**
   * Waits until a projection has handled everything up to a position and stored it, on whichever node it runs.
   *
   * An event that is parked counts as handled: its key holds up nobody who waits.
   *
   * @throws {ProjectionWaitTimeout} it did not get there in time
   * @throws {ProjectionNotRunning} it has stopped by itself, or the app was stopped
   * @throws {WaitForItself} a handler of the projection asks for it
   * @throws {UnknownProjection} no module lists the projector
   */
  async waitFor(projector: Class | string, position: number, options: WaitOptions = {}): Promise<void> {
    await this.#waitFor(this.#registry.projectionOf(projector), position, options);
  }

  /** Waits until every projection has handled what is settled now. */
  async catchUp(options: WaitOptions = {}): Promise<void> {
    const position = await this.#stores.events.settledPosition();
    const waits = this.#registry.projections.map(projection => this.#waitFor(projection, position, options));
    await Promise.all(waits);
  }

  async #fresh(projector: Class | string, status?: BuildStatus): Promise<ProjectionState> {
    const { name, version } = this.#registry.projectionOf(projector);
    await this.#builds.refresh();
    if (status === undefined) return this.#builds.serving({ name, version });
    const build = this.#builds.view.projections.find(each => each.name === name && each.status === status);
    if (build === undefined) throw new NoBuild(name, status);
    return build;
  }

  /* Another version's code must not write its tables. */
  async #withCode(
    projector: Class | string,
    status?: BuildStatus,
  ): Promise<{ projection: Projection; build: ProjectionState }> {
    const build = await this.#fresh(projector, status);
    const projection = this.#codeOf(build);
    if (projection !== undefined) return { projection, build };
    const { version } = this.#registry.projectionOf(projector);
    throw new OtherVersionServes(build.name, version, build.version);
  }

  #codeOf({ name, version }: ProjectionState): Projection | undefined {
    return this.#registry.projections.find(
      projection => projection.name === name && projection.version === version,
    );
  }

  /* Only the node that runs the first shard does it, so that nodes are not in each other's way. */
  async #afterBeat(view: ProjectionsView, isOwned: (build: ProjectionState) => boolean): Promise<boolean> {
    await this.#inline.yield(this.#node!.state, view);
    let isBusy = false;
    for (const build of view.projections.filter(isOwned)) {
      try {
        isBusy = (await this.#seeTo(build, view)) || isBusy;
      } catch (error) {
        // What one projection lacks is no reason to leave the others alone.
        this.#logger.error(`Projection "${build.name}" was not swapped or switched; tried again.`, { error });
      }
    }
    return isBusy;
  }

  async #seeTo(build: ProjectionState, { nodes, projections }: ProjectionsView): Promise<boolean> {
    const projection = this.#codeOf(build)!;
    if (build.status === 'building') return this.#rebuilds.swapIfReady(projection, projections);
    const isInline = build.status === 'live' && projection.mode === 'inline';
    return isInline && this.#inline.followNodes(projection, build, nodes);
  }

  async #waitFor(projection: Projection, position: number, options: WaitOptions): Promise<void> {
    this.#waiter.requireOutside(projection);
    // What is folded on demand has handled what is settled.
    await (projection.mode === 'live' ? this.#settled : this.#waiter).waitFor(projection, position, options);
  }
}
