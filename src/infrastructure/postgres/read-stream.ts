import type { Recorded, StreamId } from '../../domain/index.ts';
import type { ReadStreamOptions } from '../../application/ports/event-store.ts';
import { EventPages } from '../../application/subscriptions/event-pages.ts';
import { StreamPages } from './stream-pages.ts';
import type { StreamSource } from './stream-pages.ts';

/**
 * Reads one stream page by page, the next one while the one before is being consumed.
 *
 * Between two pages it holds no connection, so leaving early needs no clean-up.
 */
export function readStreamPages(
  source: StreamSource,
  stream: StreamId,
  options: ReadStreamOptions,
): AsyncIterable<Recorded> {
  return new EventPages(pagesOf(new StreamPages(source, stream, options), options));
}

async function* pagesOf(pages: StreamPages, options: ReadStreamOptions): AsyncIterable<readonly Recorded[]> {
  const isBoundByTime = options.since !== undefined || options.until !== undefined;
  let left = options.limit ?? Infinity;
  const read = (): ReturnType<StreamPages['next']> => pages.next(isBoundByTime ? Infinity : left);
  let page = await read();
  while (page !== undefined) {
    const wanted = isBoundByTime ? page.filter(event => sideOf(event, options) === 'within') : page;
    const events = wanted.length > left ? wanted.slice(0, left) : wanted;
    left -= events.length;
    const next = left === 0 || isPast(page.at(-1), options) ? undefined : read();
    // A consumer that leaves early does not await the page; its failure must not go unhandled.
    next?.catch(() => undefined);
    yield events;
    page = await next;
  }
}

/* Time never goes back within a stream, so the first event beyond a bound ends the read. */
function isPast(last: Recorded | undefined, options: ReadStreamOptions): boolean {
  const farSide = options.direction === 'backwards' ? 'before' : 'after';
  return last !== undefined && sideOf(last, options) === farSide;
}

function sideOf(event: Recorded, { since, until }: ReadStreamOptions): 'before' | 'within' | 'after' {
  if (since !== undefined && event.recordedAt < since) return 'before';
  return until !== undefined && event.recordedAt > until ? 'after' : 'within';
}
