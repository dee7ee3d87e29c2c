import type { Recorded } from '../../../domain/index.ts';
import { ExecutionScope } from '../../../application/execution/execution-scope.ts';
import type { Store, Upcasters } from '../../../application/index.ts';
import { ReadModelProjector } from '../../../projections/index.ts';
import type { Projection } from '../../../projections/projection.ts';
import { projectorInfoOf } from '../../../projections/projector.ts';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type { App } from '../../di/app.ts';
import { ModuleCatalog } from '../../di/module-catalog.ts';
import type { AnnalsModule } from '../../di/module.ts';
import { createApp } from '../../di/create-app.ts';
import { silentLogger } from '../../system/console-logger.ts';
import { SequentialIds } from '../sequential-ids.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { FailureLog } from './failure-log.ts';
import { moduleOf } from './projection-plan.ts';
import type { ProjectionPlan } from './projection-plan.ts';
import { asNewEvent, storedTypeOf } from '../stored/stored-event.ts';
import { sharedStore } from '../stores/shared-store.ts';

/** The application that one telling of a projector's story happens in. */
export class ProjectionWorld {
  readonly plan: ProjectionPlan;
  readonly clock: VirtualClock;
  readonly store: Store;
  /** What the app has reported. */
  readonly failures = new FailureLog();
  readonly #ids = new SequentialIds();
  #app: App | undefined;
  #workshopApp: App | undefined;

  private constructor(plan: ProjectionPlan, clock: VirtualClock, store: Store) {
    this.plan = plan;
    this.clock = clock;
    this.store = store;
  }

  /** Opens the store and starts an app with nothing but the projector. */
  static async start(plan: ProjectionPlan): Promise<ProjectionWorld> {
    const clock = new VirtualClock(plan.startsAt);
    const services = { clock, ids: new SequentialIds(), logger: silentLogger };
    const world = new ProjectionWorld(plan, clock, await plan.store.open(services));
    try {
      world.#app = await world.#startApp(moduleOf(plan));
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  get app(): App {
    return this.#app!;
  }

  /** Appends events to an aggregate; its type is the first word of their names. */
  async append(aggregateId: string, events: readonly object[]): Promise<void> {
    for (const event of events) {
      const aggregateType = storedTypeOf(event)?.split('.')[0] ?? '';
      const stream = { aggregateType, aggregateId };
      await this.app.events.append({
        stream,
        expectedVersion: 'any',
        events: [asNewEvent(event, this.app)],
      });
    }
  }

  /** The upcasters that the app reads events through. */
  get upcasters(): Upcasters {
    return new ModuleCatalog([moduleOf(this.plan)]).upcasters;
  }

  /** All events, as the store gives them to projections. */
  async events(): Promise<readonly Recorded[]> {
    const events: Recorded[] = [];
    for await (const event of this.app.events.readFeed()) events.push(event);
    return events;
  }

  /** The projector as another process would have it: a new instance that knows nothing of the one before. */
  async freshProjection(): Promise<Projection> {
    const { projectorClass } = this.plan;
    const { reader, container } = await this.#workshop();
    const services = { scope: new ExecutionScope(), telemetry: undefined };
    const registry = new ReadModelProjector(reader, services);
    return registry.registerProjector(container.get(projectorClass as Constructible), projectorClass);
  }

  /** The build of the projector that serves. */
  async liveBuild(): Promise<ProjectionId> {
    const name = projectorInfoOf(this.plan.projectorClass)?.name;
    const { projections } = await this.store.readModels.readStates();
    return projections.find(build => build.name === name && build.status === 'live')!;
  }

  async stop(): Promise<void> {
    await this.#workshopApp?.stop();
    await this.#app?.stop();
    await this.store[Symbol.asyncDispose]();
  }

  /* An app that runs no projector, and makes a new one whenever it is asked. */
  async #workshop(): Promise<App> {
    if (this.#workshopApp !== undefined) return this.#workshopApp;
    const { projectors: _projectors, ...events } = moduleOf(this.plan);
    const app = await this.#startApp(events);
    app.container
      .bind(this.plan.projectorClass as Constructible)
      .toSelf()
      .inTransientScope();
    return (this.#workshopApp = app);
  }

  #startApp(module: AnnalsModule): Promise<App> {
    return createApp(
      {
        store: sharedStore(this.store),
        modules: [module],
        clock: this.clock,
        ids: this.#ids,
        logger: this.failures,
      },
      this.plan.bind,
    );
  }
}

type Constructible = new () => object;
