import type { Recorded } from '../../domain/index.ts';
import { forReader } from '../../application/subscriptions/event-for-reader.ts';

/** Finds events by their ids, in any order; those that are not there are left out. */
export type FindEvents = (eventIds: readonly string[]) => Promise<readonly Recorded[]>;

interface Asked {
  readonly eventId: string;
  readonly resolve: (event: Recorded | undefined) => void;
  readonly reject: (error: unknown) => void;
}

// As many as a page has at most.
const maxIdsAQuery = 1_000;

/**
 * Looks events up by id: look-ups of one turn of the event loop share a query.
 *
 * Those who are answered together, as the callers of appends that shared a call, ask together. Nobody waits for a query
 * that was sent before: it may not see what was committed since.
 */
export class EventLookups {
  readonly #find: FindEvents;
  #asked: Asked[] = [];

  constructor(find: FindEvents) {
    this.#find = find;
  }

  /** The event with this id, if it was committed before the call. */
  get(eventId: string): Promise<Recorded | undefined> {
    return new Promise((resolve, reject) => {
      // As they are stored.
      this.#asked.push({ eventId: eventId.toLowerCase(), resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let first = 0; first < asked.length; first += maxIdsAQuery) {
      void this.#answer(asked.slice(first, first + maxIdsAQuery));
    }
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    try {
      const events = await this.#find([...new Set(asked.map(({ eventId }) => eventId))]);
      const byId = new Map(events.map(event => [event.eventId, event]));
      for (const { eventId, resolve } of asked) {
        const event = byId.get(eventId);
        resolve(event && forReader(event));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
