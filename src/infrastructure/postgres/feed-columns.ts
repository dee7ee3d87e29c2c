import type { Recorded } from '../../domain/index.ts';
import type { ReadFeedOptions } from '../../application/ports/event-store.ts';

/** A part of the feed between two positions. */
export type FeedWindow = ReadFeedOptions & { readonly afterPosition: number; readonly toPosition: number };

/** An event that is too large to come with the others; its payload and metadata are to be fetched apart. */
export class IncompleteEvent {
  readonly position: number;
  readonly complete: (payloadJson: string, metadataJson: string | null) => Recorded;

  constructor(position: number, complete: IncompleteEvent['complete']) {
    this.position = position;
    this.complete = complete;
  }
}

/** What a window holds, in order. */
export type FoundEvents = readonly (Recorded | IncompleteEvent)[];

// As it is stored, maybe compressed. Larger ones are fetched apart, a few at a time.
const largeBytes = 8_192;
const isLarge = `pg_column_size(e.payload) > ${largeBytes} or pg_column_size(e.metadata) > ${largeBytes}`;

/** A column, or null where the event is large. */
export function unlessLarge(column: string): string {
  return `case when ${isLarge} then null else ${column} end`;
}

/**
 * Events with what names their streams.
 *
 * Streams are looked up one by one and remembered for the page; the planner would rather read all of them, for each page.
 */
export const eventsBesideStreams = `events e cross join lateral (
    select x.aggregate_type, x.aggregate_id from annals.streams x where x.stream_ref = e.stream_ref offset 0
  ) s`;
