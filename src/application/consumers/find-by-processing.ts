import type { Recorded } from '../../domain/index.ts';
import { checkFilter, checkLimit, readCursor, writeCursor } from '../events/check-query.ts';
import type { Consumer, ConsumerStore } from '../ports/consumer-store.ts';
import type { EventFilter, EventPage, EventQuery, EventStore } from '../ports/event-store.ts';

/** A query for the events that a consumer has processed, or has yet to process. */
export interface ProcessingQuery extends Omit<EventQuery, 'toPosition'> {
  readonly isProcessed: boolean;
}

/** Where to look. */
export interface ProcessingSources {
  readonly events: EventStore;
  readonly store: ConsumerStore;
  readonly consumer: Consumer;
}

/* Exclusive at both ends. */
interface Range {
  readonly after: number;
  readonly before: number;
}

type Order = 'oldest' | 'newest';

const pageSize = 1_000;

/**
 * A page of the events that a consumer has processed, or has yet to process, among those that it gets.
 *
 * Read from both sides of the read position: what is done lies before it, what is not is open or lies behind it. So
 * neither reads the whole history to find a few.
 */
export async function findByProcessing(
  sources: ProcessingSources,
  query: ProcessingQuery,
): Promise<EventPage> {
  const { isProcessed, order = 'oldest', limit: asked = 100, cursor: _cursor, ...filter } = query;
  checkFilter(filter);
  const limit = checkLimit('limit', asked);
  const identity = { ...query, consumer: sources.consumer.name };
  const from = readCursor(identity);
  const range = {
    after: order === 'oldest' ? (from ?? 0) : 0,
    before: order === 'newest' ? (from ?? Infinity) : Infinity,
  };
  // Known before anything is read: up to there, nothing can have been missing. What is processed lies before it anyway.
  const mayMiss = order === 'oldest' && !isProcessed;
  const settled = mayMiss ? await sources.events.settledPosition() : Infinity;
  const search = new Search(sources, filter, order, Math.min(limit + 1, pageSize));
  const events: Recorded[] = [];
  let isLast = true;
  for await (const event of isProcessed ? search.processed(range) : search.unprocessed(range)) {
    isLast = events.length < limit;
    if (!isLast) break;
    events.push(event);
  }
  if (isLast && !search.isHeldUp) return { events, nextCursor: undefined };
  const followed = events.filter(({ position }) => position <= settled);
  const through = followed.at(-1)?.position ?? Math.max(settled, from ?? 0);
  return { events: followed, nextCursor: writeCursor(identity, through) };
}

class Search {
  readonly #sources: ProcessingSources;
  readonly #filter: EventFilter;
  readonly #order: Order;
  readonly #batchSize: number;
  /** Whether it has ended at a writer that is still open. */
  isHeldUp = false;

  constructor(sources: ProcessingSources, filter: EventFilter, order: Order, batchSize: number) {
    this.#sources = sources;
    this.#filter = gottenAnd(sources.consumer, filter);
    this.#order = order;
    this.#batchSize = batchSize;
  }

  async *processed(range: Range): AsyncIterable<Recorded> {
    const { store, consumer } = this.#sources;
    const { startPosition, readPosition } = consumer;
    for await (const page of this.#log(within(range, { after: startPosition, before: readPosition + 1 }))) {
      const deliveries = await store.deliveriesAt(
        consumer.name,
        page.map(({ position }) => position),
      );
      const open = deliveries.filter(({ closedAt }) => closedAt === undefined);
      const positions = new Set(open.map(({ event }) => event.position));
      yield* page.filter(({ position }) => !positions.has(position));
    }
  }

  async *unprocessed(range: Range): AsyncIterable<Recorded> {
    const { startPosition, readPosition } = this.#sources.consumer;
    const read = within(range, { after: 0, before: readPosition + 1 });
    const unread = within(range, { after: Math.max(startPosition, readPosition), before: Infinity });
    const parts = [this.#open(read), this.#log(unread)];
    if (this.#order === 'newest') parts.reverse();
    for (const part of parts) for await (const page of part) yield* page;
  }

  /* Events of the log, a page at a time. */
  async *#log(range: Range): AsyncIterable<readonly Recorded[]> {
    if (range.after + 1 >= range.before) return;
    const isOldestFirst = this.#order === 'oldest';
    const toPosition = Number.isFinite(range.before) ? range.before - 1 : undefined;
    const query = { ...this.#filter, order: this.#order, toPosition };
    let cursor = isOldestFirst && range.after > 0 ? writeCursor(query, range.after) : undefined;
    for (;;) {
      const page = await this.#sources.events.query({ ...query, cursor, limit: this.#batchSize });
      const events = page.events.filter(({ position }) => position > range.after);
      yield events;
      cursor = events.length < page.events.length ? undefined : page.nextCursor;
      this.isHeldUp = cursor !== undefined && events.length === 0;
      if (cursor === undefined || this.isHeldUp) return;
    }
  }

  /* Events that are open, a page at a time. */
  async *#open({ after, before }: Range): AsyncIterable<readonly Recorded[]> {
    const { store, consumer } = this.#sources;
    const rest = { after, before };
    while (rest.after + 1 < rest.before) {
      const deliveries = await store.findOpen(consumer.name, {
        ...{ filter: this.#filter, order: this.#order, limit: this.#batchSize },
        ...{ afterPosition: rest.after, toPosition: rest.before - 1 },
      });
      yield deliveries.map(({ event }) => event);
      if (deliveries.length < this.#batchSize) return;
      const { position } = deliveries.at(-1)!.event;
      if (this.#order === 'oldest') rest.after = position;
      else rest.before = position;
    }
  }
}

function within(left: Range, right: Range): Range {
  return { after: Math.max(left.after, right.after), before: Math.min(left.before, right.before) };
}

/* Both what is asked for and what the consumer gets. */
function gottenAnd(consumer: Consumer, filter: EventFilter): EventFilter {
  return {
    ...filter,
    types: both(consumer.types, filter.types),
    aggregateTypes: both(consumer.aggregateTypes, filter.aggregateTypes),
  };
}

function both(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
): readonly string[] | undefined {
  return left === undefined || right === undefined
    ? (left ?? right)
    : left.filter(name => right.includes(name));
}
