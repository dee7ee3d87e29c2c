import type { AggregateRoot, Recorded } from '../../domain/index.ts';
import type { Snapshot } from '../ports/snapshot-store.ts';

/**
 * A fold that begins with a snapshot.
 *
 * It is given the event that the snapshot was taken after, then those that follow. By that event it is proven that the
 * snapshot is of this history; after a backup was restored, another event stands there.
 */
export class SnapshotStart<A extends AggregateRoot> {
  /** What the fold goes on with. */
  readonly aggregate: A;
  readonly #snapshot: Snapshot;
  readonly #refuse: (problem: string, cause?: unknown) => void;
  #isProven = false;

  constructor(aggregate: A, snapshot: Snapshot, refuse: (problem: string, cause?: unknown) => void) {
    this.aggregate = aggregate;
    this.#snapshot = snapshot;
    this.#refuse = refuse;
  }

  /** Where to begin to read, inclusive. */
  get fromVersion(): number {
    return this.#snapshot.version;
  }

  /** Takes the next event; false if the snapshot is of no use, and all events are to be folded. */
  take(stored: Recorded, apply: (stored: Recorded) => void): boolean {
    if (stored.version === this.#snapshot.version) return this.#prove(stored);
    if (!this.#isProven) return false;
    try {
      apply(stored);
      return true;
    } catch (error) {
      // Perhaps it is the event that cannot be applied; folding all of them will tell.
      this.#refuse('is a state to which a later event could not be applied.', error);
      return false;
    }
  }

  /** The aggregate, once all events were taken; undefined if none of them has proven the snapshot. */
  end({ isBoundByTime }: { readonly isBoundByTime: boolean }): A | undefined {
    if (this.#isProven) return this.aggregate;
    // Taken after the time that was asked for, it is none of that time, and nothing is wrong with it.
    if (!isBoundByTime) this.#refuse('is of a version that the stream does not have.');
    return undefined;
  }

  #prove({ eventId }: Recorded): boolean {
    this.#isProven = eventId.toLowerCase() === this.#snapshot.eventId.toLowerCase();
    if (!this.#isProven) this.#refuse('is of another history: another event stands at its version.');
    return this.#isProven;
  }
}
