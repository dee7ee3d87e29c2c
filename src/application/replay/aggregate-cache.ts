import { formatStream } from '../../domain/index.ts';
import type { AggregateRoot, StreamId } from '../../domain/index.ts';
import { isHalfChanged } from '../../domain/aggregate-root.ts';

/**
 * Keeps the aggregates used last, so that a hot one needs no read.
 *
 * An aggregate is taken out while it is used and put back once its events are stored: a failed append
 * leaves no trace here. An entry may be behind the store; the append then conflicts, and it is read anew.
 */
export class AggregateCache {
  readonly #capacity: number;
  readonly #entries = new Map<string, AggregateRoot>();

  /** @param capacity - aggregates kept; 0 switches the cache off */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Removes and returns the aggregate of `stream`. */
  take(stream: StreamId): AggregateRoot | undefined {
    const name = formatStream(stream);
    const aggregate = this.#entries.get(name);
    this.#entries.delete(name);
    // Somebody kept it and raised events on it; they belong to nobody.
    return aggregate?.pendingEvents.length === 0 ? aggregate : undefined;
  }

  /** Keeps an aggregate that is as its stored events made it; the one used longest ago makes room. */
  put(stream: StreamId, aggregate: AggregateRoot): void {
    if (this.#capacity === 0 || aggregate.version === 0 || aggregate.pendingEvents.length > 0) return;
    if (isHalfChanged(aggregate)) return;
    const name = formatStream(stream);
    this.#entries.delete(name);
    this.#entries.set(name, aggregate);
    if (this.#entries.size <= this.#capacity) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
