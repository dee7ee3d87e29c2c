import type { AggregateClass, AggregateSource, Class } from '../../domain/index.ts';
import { handlersOf } from '../../domain/on.ts';
import { Upcasters } from '../../application/schema/upcasters.ts';
import { aggregateClassOf } from '../../domain/decider.ts';
import type { AnnalsModule, HandlerClass } from './module.ts';

/** Everything that the modules of an app list, together. */
export class ModuleCatalog {
  readonly sources: readonly AggregateSource[];
  readonly handlers: readonly HandlerClass[];
  readonly projectors: readonly Class[];
  readonly messages: readonly Class[];
  readonly upcasters: Upcasters;
  readonly #listedEvents: readonly Class[];

  constructor(modules: readonly AnnalsModule[]) {
    this.sources = unique(modules.flatMap(module => module.aggregates ?? []));
    this.handlers = modules.flatMap(module => module.handlers ?? []);
    this.projectors = unique(modules.flatMap(module => module.projectors ?? []));
    this.messages = unique(modules.flatMap(module => module.messages ?? []));
    this.#listedEvents = modules.flatMap(module => module.events ?? []);
    this.upcasters = new Upcasters(unique(modules.flatMap(module => module.upcasters ?? [])), this.events);
  }

  /** The aggregate classes that carry a name. */
  get aggregates(): readonly AggregateClass[] {
    return this.sources.map(source => (typeof source === 'function' ? source : aggregateClassOf(source)));
  }

  /** Events that the modules know: listed, or changing the state of an aggregate. */
  get events(): ReadonlySet<Class> {
    const changing = this.sources.flatMap((source): readonly Class[] =>
      typeof source === 'function' ? handlersOf(source).map(handler => handler.eventClass) : source.events,
    );
    return new Set([...this.#listedEvents, ...changing]);
  }
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
