import { eventTypeOf } from '../../../domain/index.ts';
import type { Class } from '../../../domain/index.ts';
import { handlersOf } from '../../../domain/on.ts';
import type { StoreFactory, Upcaster } from '../../../application/index.ts';
import { DocumentProjector } from '../../../projections/index.ts';
import { ModuleCatalog } from '../../di/module-catalog.ts';
import { defineModule } from '../../di/module.ts';
import type { AnnalsModule } from '../../di/module.ts';
import { memory } from '../../memory/memory-store.ts';
import type { LawName } from '../laws/law.ts';
import type { BindServices } from '../scenario/scenario-options.ts';
import { onPGlite } from '../stores/on-pglite.ts';

/** What the scenario of a projector may be given. */
export interface ProjectionOptions {
  /**
   * Where rows are kept; default: memory for documents, PGlite for tables. Each telling opens it anew and must find it
   * empty, as with `memory()`, `onPGlite()` and `onPostgres(url)`.
   */
  readonly store?: StoreFactory;
  /** What reads events that are given as `storedEvent`. */
  readonly upcasters?: readonly Upcaster[];
  /** Modules whose events and upcasters are known as well; nothing else of them takes part. */
  readonly modules?: readonly AnnalsModule[];
  /** Binds what the projector is given besides Annals' own. */
  readonly bind?: BindServices;
  /** The time at which the scenario starts; default: the beginning of 2026, UTC. */
  readonly startsAt?: string;
  /** Laws that are not to be checked; default: all are. */
  readonly withoutLaws?: readonly LawName[];
}

/** What is known of a projection before its story is told. */
export interface ProjectionPlan {
  readonly projectorClass: Class;
  readonly store: StoreFactory;
  readonly upcasters: readonly Upcaster[];
  readonly modules: readonly AnnalsModule[];
  readonly startsAt: string | undefined;
  readonly bind: BindServices | undefined;
  readonly withoutLaws: readonly LawName[];
  /** Classes of the events that the story mentions. */
  readonly events: readonly Class[];
}

/** The plan of a projector before any event. */
export function planOf(projectorClass: Class, options: ProjectionOptions): ProjectionPlan {
  const isOfDocuments = projectorClass.prototype instanceof DocumentProjector;
  const { store = isOfDocuments ? memory() : onPGlite(), startsAt, bind, withoutLaws = [] } = options;
  const { upcasters = [], modules = [] } = options;
  return { projectorClass, store, upcasters, modules, startsAt, bind, withoutLaws, events: [] };
}

/** The module of the projector, and of all events and upcasters that it, the story or the given modules mention. */
export function moduleOf({ projectorClass, events, upcasters, modules }: ProjectionPlan): AnnalsModule {
  const handled = handlersOf(projectorClass).map(handler => handler.eventClass);
  const known = [...handled, ...events, ...new ModuleCatalog(modules).events];
  const named = known.filter(type => eventTypeOf(type) !== undefined);
  return defineModule({
    projectors: [projectorClass],
    events: [...new Set(named)],
    upcasters: [...upcasters, ...modules.flatMap(module => module.upcasters ?? [])],
  });
}
