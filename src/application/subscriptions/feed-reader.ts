import type { Recorded } from '../../domain/index.ts';
import type { EventStore, FeedPage, SubscribeOptions } from '../ports/event-store.ts';
import { untilAvailable } from './backoff.ts';
import type { RetryOptions } from './backoff.ts';
import { feedMatcher } from './feed-window.ts';
import type { Wanted } from './feed-window.ts';
import type { RecentPages } from './recent-pages.ts';
import type { Tail } from './tail.ts';

/** What readers share. */
export interface ReaderSources {
  readonly store: Pick<EventStore, 'readFeedPage' | 'readStream' | 'settledPosition'>;
  readonly tail: Tail;
  readonly recent: RecentPages;
}

/**
 * One run of a subscription.
 *
 * - `behind`: it reads pages for itself, with its own filters, the next one while the one before is being consumed
 * - `behind` → `caught up` when its position is one that the tail still holds or stands at
 * - `caught up`: it takes pages from the tail's window, and waits for the tail to move on
 * - `caught up` → `behind` when the tail has dropped what comes next, because the reader was slow
 */
export class FeedReader {
  readonly #sources: ReaderSources;
  readonly #options: SubscribeOptions;
  readonly #wanted: Wanted;
  readonly #retry: RetryOptions;
  #position = 0;
  #prefetched: Promise<FeedPage> | undefined;

  constructor(sources: ReaderSources, options: SubscribeOptions, signal: AbortSignal) {
    this.#sources = sources;
    this.#options = options;
    this.#wanted = { matches: feedMatcher(options), batchSize: options.batchSize ?? 1_000 };
    this.#retry = { signal, isClosed: () => sources.tail.isClosed };
  }

  /** Page after page, until the signal is aborted. */
  async *pages(): AsyncGenerator<FeedPage, void> {
    const { tail } = this.#sources;
    tail.enter();
    try {
      await untilAvailable(() => this.#begin(), this.#retry);
      while (!this.#isLeft()) {
        const page = await this.#next();
        // A page that was asked for in advance may find that there was nothing more.
        if (page === undefined || page.throughPosition === this.#position) continue;
        if (this.#isLeft()) return;
        this.#position = page.throughPosition;
        if (!page.isLast) this.#prefetch();
        yield page;
      }
    } finally {
      tail.leave();
    }
  }

  #isLeft(): boolean {
    return this.#retry.signal.aborted;
  }

  async #begin(): Promise<void> {
    const { store, tail } = this.#sources;
    await tail.start();
    const { from = 'start' } = this.#options;
    if (from === 'end') this.#position = await store.settledPosition();
    else this.#position = from === 'start' ? 0 : from;
  }

  async #next(): Promise<FeedPage | undefined> {
    const { tail } = this.#sources;
    if (this.#prefetched !== undefined) return untilAvailable(() => this.#takePrefetched(), this.#retry);
    const shared = tail.take(this.#position, this.#wanted);
    if (shared !== undefined) return shared;
    if (this.#position < tail.position) return untilAvailable(() => this.#readPage(), this.#retry);
    await tail.moved(this.#retry.signal);
    return undefined;
  }

  #prefetch(): void {
    if (this.#sources.tail.take(this.#position, { ...this.#wanted, batchSize: 1 }) !== undefined) return;
    this.#prefetched = this.#readPage();
    // A reader that leaves early does not await the page; its failure must not go unhandled.
    this.#prefetched.catch(() => undefined);
  }

  /* If it failed, the next try reads anew. */
  #takePrefetched(): Promise<FeedPage> {
    const prefetched = this.#prefetched ?? this.#readPage();
    this.#prefetched = undefined;
    return prefetched;
  }

  #readPage(): Promise<FeedPage> {
    const { types, aggregateTypes, batchSize } = this.#options;
    const filter = { types, aggregateTypes, batchSize };
    const options = { ...filter, afterPosition: this.#position };
    return this.#sources.recent.read(JSON.stringify(options), () =>
      this.#sources.store.readFeedPage(options),
    );
  }
}

/** The events of pages, until the signal is aborted. */
export async function* eventsOf(
  pages: AsyncIterable<FeedPage>,
  signal: AbortSignal,
): AsyncGenerator<Recorded, void> {
  for await (const { events } of pages) {
    for (const event of events) {
      if (signal.aborted) return;
      yield event;
    }
  }
}
