import type { FeedPage } from '../ports/event-store.ts';
import { forReader } from './event-for-reader.ts';

// Enough for readers that are apart by a batch or two; little enough to hold.
const maxPages = 6;
const maxAgeMs = 1_000;

/**
 * Pages that were read a moment ago, for readers that come the same way, like the shards of a projection that is behind.
 *
 * What is settled never changes, so a full page is as good a second later as at once. The last page of the feed is not
 * kept: whoever asks for it wants to know what has come since.
 */
export class RecentPages {
  readonly #pages = new Map<string, Promise<FeedPage>>();

  /** What `read` gives, or gave to somebody who asked for the same a moment ago. */
  read(key: string, read: () => Promise<FeedPage>): Promise<FeedPage> {
    const known = this.#pages.get(key);
    if (known !== undefined) return known.then(page => ({ ...page, events: page.events.map(forReader) }));
    const page = read();
    this.#pages.set(key, page);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > maxPages) this.#pages.delete(oldest!);
    page
      .then(({ isLast }) => this.#forget(key, page, isLast ? 0 : maxAgeMs))
      .catch(() => this.#forget(key, page, 0));
    return page;
  }

  #forget(key: string, page: Promise<FeedPage>, afterMs: number): void {
    const forget = (): void => {
      if (this.#pages.get(key) === page) this.#pages.delete(key);
    };
    if (afterMs === 0) forget();
    else setTimeout(forget, afterMs).unref();
  }
}
