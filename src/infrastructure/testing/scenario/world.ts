import { types } from 'node:util';
import { eventTypeOf, formatStream } from '../../../domain/index.ts';
import type { AggregateRoot, AggregateSource, Class, Recorded, StreamId } from '../../../domain/index.ts';
import { createAggregate, replayEvent } from '../../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../../domain/decider.ts';
import { Command, EventReplay } from '../../../application/index.ts';
import type { Store, StoreFactory, Upcaster, Upcasters } from '../../../application/index.ts';
import { streamOf } from '../../../application/replay/event-replay.ts';
import { EventHandler } from '../../../projections/index.ts';
import type { App } from '../../di/app.ts';
import { ModuleCatalog } from '../../di/module-catalog.ts';
import { defineModule } from '../../di/module.ts';
import type { AnnalsModule, HandlerClass } from '../../di/module.ts';
import { silentLogger } from '../../system/console-logger.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import { SequentialIds } from '../sequential-ids.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { asNewEvent, asReadToday } from '../stored/stored-event.ts';
import type { BindServices } from './scenario-options.ts';
import type { Act, Outcome } from './act.ts';
import { settle } from '../app/settle.ts';
import { viewOf } from './aggregate-state.ts';
import type { StateAt } from './aggregate-state.ts';
import { ScenarioNode } from './node.ts';
import { Race } from './race.ts';
import type { Sighting } from './repository-watch.ts';

/** Something that a `when` does. */
export type Action = object | ((aggregate: never) => unknown);

/** What a world is made of. */
export interface WorldPlan {
  /** The aggregate that the scenario is about; none for a scenario of a whole app. */
  readonly subject: { readonly source: AggregateSource; readonly id: string } | undefined;
  /** Aggregates that the story mentions. */
  readonly sources: readonly AggregateSource[];
  /** Classes of the events that the story mentions. */
  readonly events: readonly Class[];
  readonly handlers: readonly HandlerClass[];
  readonly modules: readonly AnnalsModule[];
  /** Besides those of the modules. */
  readonly upcasters: readonly Upcaster[];
  readonly startsAt: string | undefined;
  readonly bind: BindServices | undefined;
  /** Opened anew for each telling, and empty then. */
  readonly store: StoreFactory;
  /** Whether event handlers react, and projections are waited for. */
  readonly hasReactions: boolean;
  /** An app that runs already, in place of one that is made of the modules. */
  readonly app?: App | undefined;
}

/** The application that one run of a scenario happens in: production wiring, virtual clock, ids that count up. */
export class World {
  readonly plan: WorldPlan;
  readonly #clock: VirtualClock;
  readonly #store: Store | undefined;
  readonly #ids: SequentialIds;
  readonly #modules: readonly AnnalsModule[];
  /** The upcasters of the modules and of the story; of an app that runs already they are not known. */
  readonly upcasters: Upcasters;
  #nodes: readonly ScenarioNode[] = [];

  private constructor(plan: WorldPlan, clock: VirtualClock, ids: SequentialIds, store: Store | undefined) {
    this.plan = plan;
    this.#clock = clock;
    this.#store = store;
    this.#ids = ids;
    this.#modules = modulesOf(plan);
    this.upcasters = new ModuleCatalog(this.#modules).upcasters;
  }

  /** Opens the store and starts the application, with every event class known that the story mentions. */
  static async start(plan: WorldPlan): Promise<World> {
    if (plan.app !== undefined) return World.#around(plan, plan.app);
    const clock = new VirtualClock(plan.startsAt);
    const ids = new SequentialIds();
    const store = await plan.store.open({ clock, ids, logger: silentLogger });
    const world = new World(plan, clock, ids, store);
    try {
      world.#nodes = [await world.#startNode(world.#modules)];
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  static #around(plan: WorldPlan, app: App): World {
    const world = new World(plan, new VirtualClock(), new SequentialIds(), undefined);
    world.#nodes = [ScenarioNode.around(app)];
    return world;
  }

  get app(): App {
    return this.#nodes[0]!.app;
  }

  /** The aggregates of the modules and of the story, by type. */
  get sources(): ReadonlyMap<string, AggregateSource> {
    const sources = this.#modules.flatMap(module => module.aggregates ?? []);
    return new Map(sources.map(source => [streamOf(source, 'x').aggregateType, source]));
  }

  /** Sets the time. */
  setTime(time: Date | string): void {
    if (this.#store === undefined) {
      throw new ScenarioFailed(
        'The clock of a running app cannot be set. Give appScenario the modules instead.',
      );
    }
    this.#clock.set(time);
  }

  /** Appends events as if they had happened before. */
  async append(source: AggregateSource, id: string, events: readonly object[]): Promise<void> {
    const newEvents = events.map(event => asNewEvent(event, this.app));
    const read = events.flatMap(event => asReadToday(event, this.app));
    const aggregate = await this.app.replay.findAggregate(source, id);
    const before = aggregate?.uniqueKeys() ?? [];
    const after = keysAfter(aggregate ?? createAggregate(aggregateClassOf(source), id), read);
    const uniqueKeys = {
      claim: after.filter(key => !before.includes(key)),
      release: before.filter(key => !after.includes(key)),
    };
    await this.app.events.append({
      ...{ stream: streamOf(source, id), expectedVersion: 'any', events: newEvents, uniqueKeys },
    });
  }

  /** Lets actions happen, all at the same time, each on a node of its own; tells what came of it. */
  async act(actions: readonly Action[]): Promise<Act> {
    if (this.#store === undefined && actions.length > 1) {
      throw new ScenarioFailed(
        'In a running app two commands are put in a row, and do not race. Give appScenario the modules instead.',
      );
    }
    if (this.plan.hasReactions) await settle(this.app, this.#nodes[0]!.failures);
    const before = await this.#subjectState();
    const position = await this.app.events.settledPosition();
    const nodes = await this.#takeNodes(actions.length);
    const outcomes = await this.#race(nodes, actions);
    if (this.plan.hasReactions) await settle(this.app, this.#nodes[0]!.failures);
    const underWay = nodes.flatMap(node => node.watch.underWay);
    const sightings = (isMeant: (outcome: Outcome) => boolean): Sighting[] =>
      nodes.filter((_node, index) => isMeant(outcomes[index]!)).flatMap(node => node.watch.sightings);
    return {
      ...{ outcomes, before, underWay },
      changed: sightings(({ error }) => error === undefined),
      refused: sightings(({ error }) => error !== undefined),
      events: await this.eventsAfter(position),
      after: await this.#subjectState(),
    };
  }

  /** All events, as they are stored. */
  async storedEvents(): Promise<readonly Recorded[]> {
    const events: Recorded[] = [];
    for await (const event of this.app.events.readFeed()) events.push(event);
    return events;
  }

  /** The events after a position, as they are read today. */
  async eventsAfter(position: number): Promise<Recorded<object>[]> {
    const events: Recorded<object>[] = [];
    for await (const event of this.app.events.readFeed({ afterPosition: position })) {
      events.push(...this.app.reader.read(event));
    }
    return events;
  }

  /** The stored events of an aggregate up to a version, as they are read today. */
  async eventsOf(
    source: AggregateSource,
    { aggregateId }: StreamId,
    toVersion?: number,
  ): Promise<readonly Recorded<object>[]> {
    const events: Recorded<object>[] = [];
    if (toVersion === 0) return events;
    for await (const event of this.app.replay.replayEvents(source, aggregateId, { toVersion }))
      events.push(event);
    return events;
  }

  /** The aggregate, folded from its stored events; empty if there are none. */
  async fold(source: AggregateSource, { aggregateId }: StreamId): Promise<AggregateRoot> {
    const found = await this.#events.findAggregate(source, aggregateId);
    return found ?? createAggregate(aggregateClassOf(source), aggregateId);
  }

  async stop(): Promise<void> {
    // An app that was there before is there afterwards.
    if (this.#store === undefined) return;
    for (const node of this.#nodes) await node.app.stop();
    await this.#store[Symbol.asyncDispose]();
  }

  /* Without snapshots, which keep what an aggregate has in memory, and not what its events give. */
  get #events(): EventReplay {
    return new EventReplay(this.app.events, this.app.reader);
  }

  async #startNode(modules: readonly AnnalsModule[]): Promise<ScenarioNode> {
    const node = await ScenarioNode.start({
      store: this.#store!,
      bind: this.plan.bind,
      modules,
      clock: this.#clock,
      ids: this.#ids,
    });
    node.watchRepositories(this.sources.values());
    return node;
  }

  /* Two actions at the same time in one process would be put in a row; only two nodes can race. */
  async #takeNodes(count: number): Promise<readonly ScenarioNode[]> {
    while (this.#nodes.length < count && this.#store !== undefined) {
      const writeSide = this.#modules.map(
        ({ projectors: _projectors, register: _register, ...module }) => module,
      );
      this.#nodes = [...this.#nodes, await this.#startNode(writeSide)];
    }
    const nodes = Array.from({ length: count }, (_node, index) => this.#nodes[index] ?? this.#nodes[0]!);
    for (const node of nodes) node.watch.reset();
    return nodes;
  }

  #race(nodes: readonly ScenarioNode[], actions: readonly Action[]): Promise<readonly Outcome[]> {
    const race = new Race(nodes.length);
    const run = async ({ app }: ScenarioNode, index: number): Promise<Outcome> => {
      try {
        return { returned: await this.#run(app, actions[index]!), error: undefined };
      } catch (error) {
        return { returned: undefined, error: types.isNativeError(error) ? error : new Error(String(error)) };
      } finally {
        race.end(index);
      }
    };
    if (nodes.length > 1) nodes.forEach((node, index) => node.holdAppends(() => race.beforeAppend(index)));
    return Promise.all(nodes.map(run));
  }

  async #run(app: App, action: Action): Promise<unknown> {
    if (action instanceof Command) return app.commands.dispatch(action);
    const { source, id } = this.plan.subject!;
    const repository = app.repository(source);
    const change = (aggregate: AggregateRoot): unknown =>
      typeof action === 'function'
        ? (action as (aggregate: AggregateRoot) => unknown)(aggregate)
        : (aggregate as unknown as { decide(command: object): void }).decide(action);
    const exists = (await repository.find(id)) !== undefined;
    return exists ? repository.update(id, change) : repository.create(id, change);
  }

  async #subjectState(): Promise<StateAt | undefined> {
    const { subject } = this.plan;
    if (subject === undefined) return undefined;
    const aggregate = await this.#events.findAggregate(subject.source, subject.id);
    return aggregate && { version: aggregate.version, view: viewOf(aggregate) };
  }
}

/** The name of the subject's stream, as people write it. */
export function subjectName({ subject }: WorldPlan): string {
  return subject === undefined ? 'the app' : formatStream(streamOf(subject.source, subject.id));
}

function modulesOf({
  subject,
  sources,
  handlers,
  events,
  modules,
  upcasters,
  hasReactions,
}: WorldPlan): readonly AnnalsModule[] {
  const aggregates = [...(subject === undefined ? [] : [subject.source]), ...sources];
  return [
    defineModule({ aggregates, handlers, events: named(events), upcasters }),
    ...modules.map(module => (hasReactions ? module : withoutReactions(module))),
  ];
}

/* What events set in motion behind the appends would come into a scenario at a moment of its own choosing. */
function withoutReactions({ register: _register, ...module }: AnnalsModule): AnnalsModule {
  const isReaction = (projector: Class): boolean => projector.prototype instanceof EventHandler;
  return { ...module, projectors: (module.projectors ?? []).filter(projector => !isReaction(projector)) };
}

function keysAfter(aggregate: AggregateRoot, events: readonly object[]): readonly string[] {
  for (const event of events) replayEvent(aggregate, event, aggregate.version + 1);
  return aggregate.uniqueKeys();
}

function named(events: readonly Class[]): Class[] {
  return [...new Set(events)].filter(type => eventTypeOf(type) !== undefined);
}
