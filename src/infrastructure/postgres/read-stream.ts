import type { Recorded, StreamId } from '../../domain/index.ts';
import type { ReadStreamOptions } from '../../application/ports/event-store.ts';
import { EventPages } from '../../application/subscriptions/event-pages.ts';
import { readStreamEvent } from './event-rows.ts';
import type { SqlParameter, SqlRow } from './sql-client.ts';

// Most streams fit in one page; longer ones keep no more than this in memory at a time.
const pageSize = 1_000;
const maxVersion = 2_147_483_647;

type ReadPage = (
  name: 'read_stream_forwards' | 'read_stream_backwards',
  parameters: SqlParameter[],
) => Promise<readonly SqlRow[]>;

/** Reads one stream page by page; between two pages it holds nothing, so leaving early needs no clean-up. */
export function readStreamPages(
  read: ReadPage,
  stream: StreamId,
  options: ReadStreamOptions,
): AsyncIterable<Recorded> {
  return new EventPages(pagesOf(read, stream, options));
}

async function* pagesOf(
  read: ReadPage,
  stream: StreamId,
  options: ReadStreamOptions,
): AsyncIterable<readonly Recorded[]> {
  const isBackwards = options.direction === 'backwards';
  const name = isBackwards ? 'read_stream_backwards' : 'read_stream_forwards';
  let [from, to] = [options.fromVersion ?? 1, Math.min(options.toVersion ?? maxVersion, maxVersion)];
  let left = options.limit ?? Infinity;
  const isBoundByTime = options.since !== undefined || options.until !== undefined;
  while (from <= to && left > 0) {
    const wanted = isBoundByTime ? pageSize : Math.min(pageSize, left);
    const rows = await read(name, [stream.aggregateId, stream.aggregateType, from, to, wanted]);
    const page: Recorded[] = [];
    let lastVersion = 0;
    let isBeyond = false;
    for (const row of rows) {
      const event = readStreamEvent(row, stream);
      lastVersion = event.version;
      const side = sideOf(event, options);
      isBeyond = side === (isBackwards ? 'before' : 'after') || left === 0;
      if (isBeyond) break;
      if (side !== 'within') continue;
      left--;
      page.push(event);
    }
    yield page;
    if (isBeyond || rows.length < wanted) return;
    if (isBackwards) to = lastVersion - 1;
    else from = lastVersion + 1;
  }
}

/* Time never goes back within a stream, so the first event beyond a bound ends the read. */
function sideOf(event: Recorded, { since, until }: ReadStreamOptions): 'before' | 'within' | 'after' {
  if (since !== undefined && event.recordedAt < since) return 'before';
  return until !== undefined && event.recordedAt > until ? 'after' : 'within';
}
