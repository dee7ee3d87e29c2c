import type {
  EventToAppend,
  InlineEntry,
  InlineProjections,
  ProjectAppended,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import { forReader } from '../application/subscriptions/event-for-reader.ts';
import type { Projection } from './projection.ts';
import { OtherVersionInline } from './projection-errors.ts';

/** Runs the inline projections inside appends. */
export class InlineProjector implements InlineProjections {
  readonly #projections: readonly Projection[];
  readonly #types: ReadonlySet<string>;

  constructor(projections: readonly Projection[]) {
    // Each locks documents. In an order of their own, nodes with other modules would wait for each other in a ring.
    this.#projections = [...projections].sort((left, right) => (left.name < right.name ? -1 : 1));
    this.#types = new Set(projections.flatMap(projection => projection.types));
  }

  handles(type: string): boolean {
    return this.#types.has(type);
  }

  async enter(
    events: readonly EventToAppend[],
    transaction: ReadModelTransaction,
  ): Promise<ProjectAppended | undefined> {
    const types = new Set(events.map(event => event.type));
    const concerned = this.#projections.filter(projection => projection.types.some(type => types.has(type)));
    const builds = await transaction.enterInline(concerned.map(projection => entryOf(projection, events)));
    const written = concerned.flatMap(projection => {
      const { name, version } = projection;
      const build = builds.find(candidate => candidate.name === name);
      if (build === undefined) return [];
      // It was away while versions changed; before its next beat it cannot know.
      if (build.version !== version) throw new OtherVersionInline(name, version, build.version);
      return { projection, build };
    });
    if (written.length === 0) return undefined;
    return async stored => {
      for (const { projection, build } of written) {
        const own = stored.filter(event => projection.types.includes(event.type));
        // What one projector does to a payload, the next does not see.
        if (own.length > 0) await projection.project(own.map(forReader), transaction, build);
      }
    };
  }
}

function entryOf(
  { name, types, isKeyedByAggregate = false }: Projection,
  events: readonly EventToAppend[],
): InlineEntry {
  if (!isKeyedByAggregate) return { name, documents: undefined };
  const own = new Set(types);
  const concerned = events.filter(event => own.has(event.type));
  return { name, documents: [...new Set(concerned.map(event => event.aggregateId))] };
}
