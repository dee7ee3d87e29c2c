import { checkStreamId } from '../../domain/identifiers.ts';
import type { Recorded, StreamId } from '../../domain/index.ts';
import { checkBound, checkSubscription } from '../events/check-query.ts';
import type { EventStore, FollowOptions, SubscribeOptions, Subscription } from '../ports/event-store.ts';
import { StoreUnavailable } from '../ports/event-store-errors.ts';
import { FeedReader, eventsOf } from './feed-reader.ts';
import type { ReaderSources } from './feed-reader.ts';
import { leavable } from './leavable.ts';
import { RecentPages } from './recent-pages.ts';
import { StreamFollower } from './stream-follower.ts';
import { Tail } from './tail.ts';
import type { TailPage, TailPauses, TailSource } from './tail.ts';

/** How an adapter feeds the subscriptions of its store. */
export interface SubscriptionOptions extends Partial<TailPauses> {
  /** A page of all types, with a hint when to look again; default: `readFeedPage` without a hint. */
  readonly readTailPage?: TailSource['readTailPage'] | undefined;
  /** Has `wake` called with positions that other processes committed, until it is disposed. */
  readonly listen?: TailSource['listen'] | undefined;
}

/** The `subscribe` and `follow` of an event store, whatever the adapter: all readers share one tail. */
export class Subscriptions {
  readonly #sources: ReaderSources;

  constructor(store: ReaderSources['store'], options: SubscriptionOptions = {}) {
    const { pollMs = Infinity, spacingMs = 0 } = options;
    const readTailPage = options.readTailPage ?? (afterPosition => readPlainPage(store, afterPosition));
    const source = {
      settledPosition: () => store.settledPosition(),
      readTailPage,
      ...(options.listen && { listen: options.listen }),
    };
    this.#sources = { store, tail: new Tail(source, { pollMs, spacingMs }), recent: new RecentPages() };
  }

  /** How many events are held in memory for all subscribers together. */
  get heldEvents(): number {
    return this.#sources.tail.heldEvents;
  }

  /** Who reads, and how often the readers were woken. */
  get activity(): Tail['activity'] {
    return this.#sources.tail.activity;
  }

  /** See `EventStore`. */
  subscribe(options: SubscribeOptions = {}): Subscription {
    checkSubscription(options);
    const { signal } = options;
    const pages = leavable(leaving => this.#pages(options, leaving), signal);
    const events = leavable(leaving => {
      return eventsOf(this.#pages(options, leaving), leaving.signal);
    }, signal);
    return { pages: () => pages, [Symbol.asyncIterator]: () => events[Symbol.asyncIterator]() };
  }

  /** See `EventStore`. */
  follow(stream: StreamId, options: FollowOptions = {}): AsyncIterable<Recorded> {
    checkStreamId(stream);
    const fromVersion = checkBound('fromVersion', options.fromVersion ?? 1, 0);
    return leavable(leaving => this.#follow(stream, fromVersion, leaving), options.signal);
  }

  /** Says that this process committed something, so that nobody has to wait for a poll. */
  wake(position: number): void {
    this.#sources.tail.wake(position);
  }

  /** Ends every subscription. */
  async close(): Promise<void> {
    await this.#sources.tail.close(new StoreUnavailable('The event store was closed.'));
  }

  async *#pages(options: SubscribeOptions, leaving: AbortController): ReturnType<FeedReader['pages']> {
    try {
      yield* new FeedReader(this.#sources, options, leaving.signal).pages();
    } finally {
      leaving.abort();
    }
  }

  async *#follow(
    stream: StreamId,
    fromVersion: number,
    leaving: AbortController,
  ): AsyncGenerator<Recorded, void> {
    try {
      yield* new StreamFollower(this.#sources, stream, fromVersion, leaving.signal).events();
    } finally {
      leaving.abort();
    }
  }
}

async function readPlainPage(
  store: Pick<EventStore, 'readFeedPage'>,
  afterPosition: number,
): Promise<TailPage> {
  return { ...(await store.readFeedPage({ afterPosition })), isWriterOpen: false };
}
