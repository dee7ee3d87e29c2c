import type { Recorded } from '../../domain/index.ts';
import type { FeedPage, ReadFeedOptions } from '../ports/event-store.ts';

/** Reads a feed to its end, the next page while the one before is being consumed. */
export async function* readFeedByPages(
  readPage: (options: ReadFeedOptions) => Promise<FeedPage>,
  options: ReadFeedOptions,
): AsyncIterable<Recorded> {
  let page = await readPage(options);
  for (;;) {
    const next = page.isLast ? undefined : readPage({ ...options, afterPosition: page.throughPosition });
    // A consumer that leaves early does not await the page; its failure must not go unhandled.
    next?.catch(() => undefined);
    for (const event of page.events) {
      options.signal?.throwIfAborted();
      yield event;
    }
    if (next === undefined) return;
    page = await next;
  }
}
