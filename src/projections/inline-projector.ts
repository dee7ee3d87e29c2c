import type { Recorded } from '../domain/index.ts';
import type { InlineProjections, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';

/** Runs the inline projections inside appends. */
export class InlineProjector implements InlineProjections {
  readonly #projections: readonly Projection[];
  readonly #types: ReadonlySet<string>;

  constructor(projections: readonly Projection[]) {
    this.#projections = projections;
    this.#types = new Set(projections.flatMap(projection => projection.types));
  }

  handles(type: string): boolean {
    return this.#types.has(type);
  }

  async project(events: readonly Recorded[], transaction: ReadModelTransaction): Promise<void> {
    for (const projection of this.#projections) {
      const own = events.filter(event => projection.types.includes(event.type));
      if (own.length === 0) continue;
      await transaction.lockInline(projection, 'writer');
      await projection.project(own, transaction, projection);
    }
  }
}
