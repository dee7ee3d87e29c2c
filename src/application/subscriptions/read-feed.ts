import type { Recorded } from '../../domain/index.ts';
import type { FeedPage, ReadFeedOptions } from '../ports/event-store.ts';
import { EventPages } from './event-pages.ts';

type ReadPage = (options: ReadFeedOptions) => Promise<FeedPage>;

/** Reads a feed to its end, the next page while the one before is being consumed. */
export function readFeedByPages(readPage: ReadPage, options: ReadFeedOptions): AsyncIterable<Recorded> {
  return new EventPages(pagesOf(readPage, options), options.signal);
}

async function* pagesOf(readPage: ReadPage, options: ReadFeedOptions): AsyncIterable<readonly Recorded[]> {
  let page = await readPage(options);
  for (;;) {
    const next = page.isLast ? undefined : readPage({ ...options, afterPosition: page.throughPosition });
    // A consumer that leaves early does not await the page; its failure must not go unhandled.
    next?.catch(() => undefined);
    yield page.events;
    if (next === undefined) return;
    page = await next;
  }
}
