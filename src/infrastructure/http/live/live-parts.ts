import { setTimeout as wait } from 'node:timers/promises';
import type { FeedPage } from '../../../application/index.ts';
import type { Recorded } from '../../../domain/index.ts';

/** How the parts of a live stream are written. */
export interface LiveFormat<Part> {
  readonly event: (event: Recorded) => Part;
  /** Everything up to here is told, or not wanted: who comes back begins here. */
  readonly position: (position: number) => Part;
  /** The heart-beat, while nothing comes. */
  readonly beat: (position: number) => Part;
}

/** What of the pages is told, and the beat while there are none. */
export interface PartsOptions {
  readonly from: number;
  readonly isWanted: (event: Recorded) => boolean;
  readonly heartBeatMs: number;
  readonly signal: AbortSignal;
}

/**
 * The parts of a live stream: where it begins, then one an event, and after each page one that only names how far it
 * went, so that who comes back need not go through it again.
 */
export async function* partsOf<Part>(
  pages: AsyncIterator<FeedPage>,
  format: LiveFormat<Part>,
  { from, isWanted, heartBeatMs, signal }: PartsOptions,
): AsyncGenerator<Part, void> {
  let position = from;
  let next = ahead(pages);
  try {
    yield format.position(position);
    while (!signal.aborted) {
      const result = await untilBeat(next, heartBeatMs);
      if (result === 'beat') {
        yield format.beat(position);
        continue;
      }
      if (result.done === true) return;
      next = ahead(pages);
      for (const event of result.value.events) if (isWanted(event)) yield format.event(event);
      position = result.value.throughPosition;
      yield format.position(position);
    }
  } finally {
    await pages.return?.();
  }
}

/* Nobody awaits it while a part is being written, or once the reader has left: its failure must not end the process. */
function ahead(pages: AsyncIterator<FeedPage>): Promise<IteratorResult<FeedPage>> {
  const next = pages.next();
  next.catch(() => undefined);
  return next;
}

async function untilBeat<T>(next: Promise<T>, heartBeatMs: number): Promise<T | 'beat'> {
  const stop = new AbortController();
  const beat = wait(heartBeatMs, 'beat' as const, { signal: stop.signal });
  beat.catch(() => undefined);
  try {
    return await Promise.race([next, beat]);
  } finally {
    stop.abort();
  }
}
