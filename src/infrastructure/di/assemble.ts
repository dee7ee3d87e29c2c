import type {
  Clock,
  CommandMiddleware,
  IdGenerator,
  Logger,
  Store,
  StoreFactory,
  Telemetry,
} from '../../application/index.ts';
import {
  CommandBus,
  Consumers,
  EventEmitter,
  EventReader,
  EventReplay,
  Health,
  QueryBus,
} from '../../application/index.ts';
import type { EventEmitterOptions } from '../../application/index.ts';
import { ExecutionScope } from '../../application/execution/execution-scope.ts';
import { UnitsOfWork, defaultConflictRetry } from '../../application/execution/units-of-work.ts';
import type { ConflictRetry } from '../../application/execution/units-of-work.ts';
import { commandTelemetry } from '../../application/telemetry/command-telemetry.ts';
import { ObservedEventStore } from '../../application/telemetry/observed-event-store.ts';
import { AggregateCache } from '../../application/replay/aggregate-cache.ts';
import { Snapshots } from '../../application/snapshots/snapshots.ts';
import {
  Builds,
  Projections,
  ReadModelProjector,
  ReadModels,
  SettledWaiter,
} from '../../projections/index.ts';
import { checkProjections } from '../../projections/check-projections.ts';
import { observeStore } from '../../projections/observe-store.ts';
import { ObservedProjections } from '../../projections/projection-telemetry.ts';
import type { NodePace } from '../../projections/index.ts';
import { JsonEventSerializer } from '../serialization/json-event-serializer.ts';
import { JsonSnapshotSerializer } from '../serialization/json-snapshot-serializer.ts';
import { consoleLogger } from '../system/console-logger.ts';
import { systemClock } from '../system/system-clock.ts';
import { uuidV7Generator } from '../system/uuid-v7-generator.ts';
import type { ModuleCatalog } from './module-catalog.ts';
import type { AnnalsModule } from './module.ts';

/** What an app is made of. */
export interface AppOptions {
  /** Where events and read models are kept: `memory()`, `embedded(dataDir)` or `postgres(url)`. */
  readonly store: StoreFactory;
  readonly modules: readonly AnnalsModule[];
  /** Runs around every command, outside the middleware of the modules. */
  readonly middleware?: readonly CommandMiddleware[];
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Default: uuid version 7. */
  readonly ids?: IdGenerator;
  /** Default: standard error. */
  readonly logger?: Logger;
  /** Aggregates kept in memory between commands; default 1,000; 0 for none. */
  readonly cachedAggregates?: number;
  /** How decisions that lose a race are repeated. */
  readonly conflictRetry?: Partial<ConflictRetry>;
  readonly emitter?: EventEmitterOptions;
  /** How often this process says that it is alive, and how long others wait for that before they take its work over. */
  readonly projectionPace?: NodePace;
  /** Where spans and measurements go, e.g. `await openTelemetry()`; default: nowhere, at no cost. */
  readonly telemetry?: Telemetry;
}

/** The parts of an app, put together but not started. */
export interface Parts {
  readonly store: Store;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly scope: ExecutionScope;
  readonly serializer: JsonEventSerializer;
  readonly reader: EventReader;
  readonly units: UnitsOfWork;
  readonly replay: EventReplay;
  readonly snapshots: Snapshots;
  readonly commands: CommandBus;
  readonly queries: QueryBus;
  readonly emitter: EventEmitter;
  readonly registry: ReadModelProjector;
  readonly projections: Projections;
  readonly readModels: ReadModels;
  readonly consumers: Consumers;
  readonly health: Health;
  /** Ends the measuring. */
  readonly stopObserving: () => void;
}

/** Opens the store and puts the parts of an app together. */
export async function assemble(options: AppOptions, catalog: ModuleCatalog): Promise<Parts> {
  const { clock = systemClock, ids = uuidV7Generator, logger = consoleLogger, telemetry } = options;
  const opened = await options.store.open({ clock, ids, logger, telemetry });
  const store = telemetry === undefined ? opened : observed(opened, telemetry);
  const { events, readModels } = store;
  const scope = new ExecutionScope();
  const serializer = new JsonEventSerializer(catalog.events);
  const reader = new EventReader(serializer, catalog.upcasters);
  const snapshots = newSnapshots(store, clock, logger);
  const current = { currentContext: () => scope.context, currentUnit: () => scope.unitOfWork };
  const sources = { store: events, serializer, snapshots, ...current };
  const cache = new AggregateCache(options.cachedAggregates ?? 1_000);
  const units = new UnitsOfWork(scope, sources, cache, { ...defaultConflictRetry, ...options.conflictRetry });
  const told = telemetry && new ObservedProjections(telemetry);
  const registry = new ReadModelProjector(reader, { scope, telemetry: told });
  const builds = new Builds(readModels);
  const settled = new SettledWaiter(events, error => readModels.isTransient(error));
  const projections = new Projections(registry, store, {
    ...{ builds, settled, logger, scope, telemetry: told },
    pace: options.projectionPace,
  });
  const middleware = middlewareOf(options);
  const commands = new CommandBus({ store: events, ids, scope, units, projections, middleware });
  const queries = new QueryBus();
  return {
    ...{ store, logger, clock, ids, scope, serializer, reader, units, registry, projections, commands },
    ...{ snapshots, replay: new EventReplay(events, reader, snapshots) },
    queries,
    emitter: new EventEmitter(events, scope, logger, options.emitter),
    readModels: new ReadModels(registry, {
      ...{ events, readModels, builds, settled, waiter: projections },
      askedFreshness: () => queries.freshness,
    }),
    // Many nodes agree on the time of their store; only a clock that was given is asked instead.
    consumers: new Consumers({ events, store: store.consumers, readModels, clock: options.clock }),
    health: newHealth(store, commands, projections),
    stopObserving: telemetry ? observeStore(telemetry, store.health, projections) : () => undefined,
  };
}

function newHealth({ health: store }: Store, commands: CommandBus, projections: Projections): Health {
  return new Health({
    store,
    isStopping: () => commands.isDraining,
    checkProjections: () => checkProjections(projections, store),
  });
}

function newSnapshots({ snapshots: store }: Store, clock: Clock, logger: Logger): Snapshots {
  return new Snapshots({ store, serializer: new JsonSnapshotSerializer(), clock, logger });
}

/* The outermost first. */
function middlewareOf({ telemetry, middleware = [], modules }: AppOptions): readonly CommandMiddleware[] {
  return [
    ...(telemetry === undefined ? [] : [commandTelemetry(telemetry)]),
    ...middleware,
    ...modules.flatMap(module => module.middleware ?? []),
  ];
}

function observed(store: Store, telemetry: Telemetry): Store {
  const { readModels, consumers, snapshots, health } = store;
  const events = new ObservedEventStore(store.events, telemetry);
  return {
    ...{ events, readModels, consumers, snapshots, health },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
