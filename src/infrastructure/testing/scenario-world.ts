import { eventTypeOf } from '../../domain/index.ts';
import type { AggregateOf, AggregateRoot, AggregateSource, Class, Recorded } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { createAggregate, replayEvent } from '../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../domain/decider.ts';
import type { Command } from '../../application/index.ts';
import { EventHandler } from '../../projections/index.ts';
import { streamOf } from '../../application/replay/event-replay.ts';
import type { App } from '../di/app.ts';
import { createApp } from '../di/create-app.ts';
import { defineModule } from '../di/module.ts';
import type { AnnalsModule, HandlerClass } from '../di/module.ts';
import { memory } from '../memory/memory-store.ts';
import { silentLogger } from '../system/console-logger.ts';
import { SequentialIds } from './sequential-ids.ts';
import { VirtualClock } from './virtual-clock.ts';

/** What a scenario may be given beside the aggregate. */
export interface ScenarioOptions {
  /** The id of the aggregate that the scenario is about; default: `<aggregate type>-1`. */
  readonly id?: string;
  /** Handlers of the commands that the scenario dispatches. */
  readonly handlers?: readonly HandlerClass[];
  /** The modules of the application, in place of single handlers. */
  readonly modules?: readonly AnnalsModule[];
  /** The time at which the scenario starts; default: the beginning of 2026, UTC. */
  readonly startsAt?: string;
}

/** The application that one run of a scenario happens in: production wiring, memory store, virtual clock. */
export class ScenarioWorld<Source extends AggregateSource> {
  readonly clock: VirtualClock;
  readonly app: App;
  readonly source: Source;
  readonly id: string;

  private constructor(app: App, clock: VirtualClock, source: Source, id: string) {
    this.app = app;
    this.clock = clock;
    this.source = source;
    this.id = id;
  }

  /** Starts the application, with every event class known that the steps mention. */
  static async start<Source extends AggregateSource>(
    source: Source,
    options: ScenarioOptions,
    events: readonly Class[],
  ): Promise<ScenarioWorld<Source>> {
    const clock = new VirtualClock(options.startsAt);
    const own = defineModule({ aggregates: [source], handlers: options.handlers ?? [], events });
    const app = await createApp({
      store: memory(),
      modules: [own, ...(options.modules ?? []).map(withoutReactions)],
      clock,
      ids: new SequentialIds(),
      logger: silentLogger,
    });
    const id = options.id ?? `${streamOf(source, 'x').aggregateType}-1`;
    return new ScenarioWorld(app, clock, source, id);
  }

  /** Appends events as if they had happened before. */
  async append(source: AggregateSource, id: string, events: readonly object[]): Promise<void> {
    const newEvents = events.map(event => this.app.serializer.serialize(event));
    const stream = streamOf(source, id);
    const aggregate = await this.app.replay.findAggregate(source, id);
    const before = aggregate?.uniqueKeys() ?? [];
    const after = keysAfter(aggregate ?? createAggregate(aggregateClassOf(source), id), events);
    const uniqueKeys = {
      claim: after.filter(key => !before.includes(key)),
      release: before.filter(key => !after.includes(key)),
    };
    await this.app.events.append({ stream, expectedVersion: 'any', events: newEvents, uniqueKeys });
  }

  /** Dispatches a command, or lets a function act on the aggregate; returns what that returned. */
  async act(action: Command<unknown> | ((aggregate: never) => unknown)): Promise<unknown> {
    if (typeof action !== 'function') return this.app.commands.dispatch(action);
    const repository = this.app.repository(this.source);
    const change = action as (aggregate: AggregateRoot) => unknown;
    const exists = (await repository.find(this.id)) !== undefined;
    return exists ? repository.update(this.id, change) : repository.create(this.id, change);
  }

  /** The events after a position, as instances of their classes. */
  async eventsAfter(position: number): Promise<Recorded<object>[]> {
    const events: Recorded<object>[] = [];
    for await (const event of this.app.events.readFeed({ afterPosition: position })) {
      events.push(this.app.serializer.deserialize(event));
    }
    return events;
  }

  /** The aggregate, folded from its stored events. */
  async state(): Promise<AggregateOf<Source>> {
    return this.app.replay.rebuildAggregate(this.source, this.id);
  }

  position(): Promise<number> {
    return this.app.events.settledPosition();
  }
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

/** The classes of events, for those that have a name. */
export function namedClasses(events: readonly object[]): Class[] {
  return [...new Set(events.map(classOf))].filter(type => eventTypeOf(type) !== undefined);
}
