import type {
  Clock,
  CommandMiddleware,
  IdGenerator,
  Logger,
  Store,
  StoreFactory,
} from '../../application/index.ts';
import { CommandBus, EventEmitter, EventReplay, QueryBus } from '../../application/index.ts';
import type { EventEmitterOptions } from '../../application/index.ts';
import { ExecutionScope } from '../../application/execution/execution-scope.ts';
import { UnitsOfWork, defaultConflictRetry } from '../../application/execution/units-of-work.ts';
import type { ConflictRetry } from '../../application/execution/units-of-work.ts';
import { AggregateCache } from '../../application/replay/aggregate-cache.ts';
import { Projections, ReadModelProjector, ReadModels } from '../../projections/index.ts';
import { JsonEventSerializer } from '../serialization/json-event-serializer.ts';
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
}

/** The parts of an app, put together but not started. */
export interface Parts {
  readonly store: Store;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly scope: ExecutionScope;
  readonly serializer: JsonEventSerializer;
  readonly units: UnitsOfWork;
  readonly replay: EventReplay;
  readonly commands: CommandBus;
  readonly queries: QueryBus;
  readonly emitter: EventEmitter;
  readonly registry: ReadModelProjector;
  readonly projections: Projections;
  readonly readModels: ReadModels;
}

/** Opens the store and puts the parts of an app together. */
export async function assemble(options: AppOptions, catalog: ModuleCatalog): Promise<Parts> {
  const { clock = systemClock, ids = uuidV7Generator, logger = consoleLogger } = options;
  const store = await options.store.open({ clock, ids, logger });
  const { events, readModels } = store;
  const scope = new ExecutionScope();
  const serializer = new JsonEventSerializer(catalog.events);
  const cache = new AggregateCache(options.cachedAggregates ?? 1_000);
  const retry = { ...defaultConflictRetry, ...options.conflictRetry };
  const units = new UnitsOfWork(
    scope,
    { store: events, serializer, currentContext: () => scope.context },
    cache,
    retry,
  );
  const registry = new ReadModelProjector(event => serializer.deserialize(event), scope);
  const projections = new Projections(registry, store, logger);
  const middleware = [
    ...(options.middleware ?? []),
    ...options.modules.flatMap(module => module.middleware ?? []),
  ];
  return {
    ...{ store, logger, clock, ids, scope, serializer, units, registry, projections },
    replay: new EventReplay(events, serializer),
    commands: new CommandBus({ store: events, ids, scope, units, projections, middleware }),
    queries: new QueryBus(),
    emitter: new EventEmitter(events, scope, logger, options.emitter),
    readModels: new ReadModels(registry, events, readModels),
  };
}
