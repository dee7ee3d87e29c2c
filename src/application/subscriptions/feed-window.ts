import type { Recorded } from '../../domain/index.ts';
import { StoredEvent } from '../events/stored-event.ts';
import { forReader } from './event-for-reader.ts';
import type { FeedFilter, FeedPage } from '../ports/event-store.ts';

// A few pages: enough for a reader that is held up for a moment, and all that one that stops reading costs.
const maxEvents = 4_000;
const maxCharacters = 16 * 1024 * 1024;

/** Which events of the window a reader wants, and how many at a time. */
export interface Wanted {
  readonly matches: (event: Recorded) => boolean;
  readonly batchSize: number;
}

interface Stretch {
  readonly afterPosition: number;
  readonly throughPosition: number;
  readonly events: readonly Recorded[];
  readonly characters: number;
}

/**
 * The end of the feed as the tail has read it, one copy for all readers.
 *
 * It is bounded: new pages push out old ones, whoever has not read them yet. A reader holds nothing but a
 * position; one whose position has been pushed out reads for itself.
 */
export class FeedWindow {
  readonly #stretches: Stretch[] = [];
  #events = 0;
  #characters = 0;

  /** How many events it holds. */
  get size(): number {
    return this.#events;
  }

  /** Adds what comes next; after a gap it begins anew. The newest page is kept whatever its size. */
  add(afterPosition: number, { events, throughPosition }: FeedPage): void {
    if (this.#stretches.at(-1)?.throughPosition !== afterPosition) this.clear();
    const characters = events.reduce((sum, event) => sum + charactersOf(event), 0);
    this.#stretches.push({ afterPosition, throughPosition, events, characters });
    this.#events += events.length;
    this.#characters += characters;
    while (this.#stretches.length > 1 && this.#isTooLarge()) this.#dropOldest();
  }

  /** Forgets everything. */
  clear(): void {
    this.#stretches.length = 0;
    this.#events = 0;
    this.#characters = 0;
  }

  /** What a reader wants of the events after a position; undefined if the window does not reach back so far, or ends there. */
  take(afterPosition: number, { matches, batchSize }: Wanted): FeedPage | undefined {
    const first = this.#stretches.findIndex(stretch => stretch.throughPosition > afterPosition);
    if (first < 0 || this.#stretches[first]!.afterPosition > afterPosition) return undefined;
    const throughPosition = this.#stretches.at(-1)!.throughPosition;
    const events: Recorded[] = [];
    for (const stretch of this.#stretches.slice(first)) {
      for (let index = indexAfter(stretch.events, afterPosition); index < stretch.events.length; index++) {
        const event = stretch.events[index]!;
        if (!matches(event)) continue;
        events.push(forReader(event));
        if (events.length < batchSize) continue;
        return { events, throughPosition: event.position, isLast: event.position === throughPosition };
      }
    }
    return { events, throughPosition, isLast: true };
  }

  #isTooLarge(): boolean {
    return this.#events > maxEvents || this.#characters > maxCharacters;
  }

  #dropOldest(): void {
    const { events, characters } = this.#stretches.shift()!;
    this.#events -= events.length;
    this.#characters -= characters;
  }
}

/** Tells whether an event passes a filter. */
export function feedMatcher({ types, aggregateTypes }: FeedFilter): (event: Recorded) => boolean {
  const wantedTypes = types && new Set(types);
  const wantedAggregates = aggregateTypes && new Set(aggregateTypes);
  return event =>
    (wantedTypes?.has(event.type) ?? true) && (wantedAggregates?.has(event.aggregateType) ?? true);
}

/* The first event beyond a position; a reader with small batches comes back to the same page many times. */
function indexAfter(events: readonly Recorded[], position: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle]!.position > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

function charactersOf(event: Recorded): number {
  return event instanceof StoredEvent ? event.jsonLength : 0;
}
