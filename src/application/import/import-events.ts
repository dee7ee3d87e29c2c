import { AnnalsError } from '../../domain/index.ts';
import type { AppendResult, EventStore, StreamAppend } from '../ports/event-store.ts';
import { InvalidAppend } from '../ports/event-store-errors.ts';
import { ImportChunk, charactersOf } from './import-chunk.ts';

/** How far an import is. */
export interface ImportProgress {
  /** Appends of the source that are stored, counted from its beginning. */
  readonly appends: number;
  readonly events: number;
  /** Events that an earlier import with the same ids had stored already; part of `events`. */
  readonly repeatedEvents: number;
  /** Position of the last event stored; 0 if there was none. */
  readonly lastPosition: number;
}

/** Options of an import. */
export interface ImportOptions {
  /** Events that are stored together, all or none, 1 to 50,000; default 5,000. Of large events fewer: 8 MiB of JSON. */
  readonly eventsPerChunk?: number | undefined;
  /** Called after each chunk. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  /** Ends the import after the chunk under way. */
  readonly signal?: AbortSignal | undefined;
}

/** An import ended before its source did; `progress` tells what is stored, and that stays. */
export class ImportInterrupted extends AnnalsError {
  readonly code = 'import-interrupted';
  readonly progress: ImportProgress;

  constructor(progress: ImportProgress, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The import ended after ${progress.appends} appends with ${progress.events} events, which are stored: ${reason} ` +
        'Mend that and go on behind them; or, if every event has an id of its own, import the same source once more ' +
        'in chunks of the same size.',
      { cause },
    );
    this.progress = progress;
  }
}

// A larger chunk gains little and holds up other writers longer (docs/explanation/performance.md).
const defaultEventsPerChunk = 5_000;
const maxEventsPerChunk = 50_000;
// What a busy store sends in one call. By their number alone, large events would make a chunk that no store takes.
const maxCharactersPerChunk = 8 * 1024 * 1024;

/**
 * Appends a series of any length, in its order, a chunk at a time; each chunk is stored whole or not at all.
 *
 * Positions follow the order of the source, streams mixed as they come. While a chunk is stored the next one is
 * read, so memory holds two chunks. To store everything or nothing, hand it to `appendMany` at once.
 *
 * @returns what is stored in the end
 * @throws {ImportInterrupted} a chunk was refused, the source failed or the signal was aborted; the cause tells
 */
export async function importEvents(
  store: EventStore,
  source: Iterable<StreamAppend> | AsyncIterable<StreamAppend>,
  options: ImportOptions = {},
): Promise<ImportProgress> {
  const eventsPerChunk = checkChunkSize(options.eventsPerChunk ?? defaultEventsPerChunk);
  let progress: ImportProgress = { appends: 0, events: 0, repeatedEvents: 0, lastPosition: 0 };
  const chunks = chunksOf(source, eventsPerChunk);
  try {
    let next = await chunks.next();
    while (next.done !== true) {
      options.signal?.throwIfAborted();
      const chunk = next.value;
      // The next chunk is read meanwhile; whichever of the two fails, the other one is waited for.
      const [stored, read] = await Promise.allSettled([store.appendMany(chunk.appends), chunks.next()]);
      progress = advance(progress, chunk, unwrap(stored));
      options.onProgress?.(progress);
      next = unwrap(read);
    }
    return progress;
  } catch (error) {
    throw new ImportInterrupted(progress, error);
  } finally {
    await chunks.return();
  }
}

function checkChunkSize(events: number): number {
  if (Number.isInteger(events) && events >= 1 && events <= maxEventsPerChunk) return events;
  throw new InvalidAppend(
    `The chunks of an import are to have ${String(events)} events. Give a whole number from 1 to ${maxEventsPerChunk}.`,
  );
}

async function* chunksOf(
  source: Iterable<StreamAppend> | AsyncIterable<StreamAppend>,
  maxEvents: number,
): AsyncGenerator<ImportChunk, void> {
  let chunk = new ImportChunk();
  for await (const append of source) {
    const characters = charactersOf(append);
    const isFull =
      chunk.count >= maxEvents ||
      chunk.events + append.events.length > maxEvents ||
      chunk.characters + characters > maxCharactersPerChunk;
    // An append that is larger than a chunk gets one of its own.
    if (chunk.count > 0 && isFull) {
      yield chunk;
      chunk = new ImportChunk();
    }
    chunk.add(append, characters);
  }
  if (chunk.count > 0) yield chunk;
}

function advance(
  progress: ImportProgress,
  chunk: ImportChunk,
  results: readonly AppendResult[],
): ImportProgress {
  let [repeatedEvents, lastPosition] = [progress.repeatedEvents, progress.lastPosition];
  for (const result of results) {
    if (result.repeated) repeatedEvents += result.eventIds.length;
    lastPosition = Math.max(lastPosition, result.lastPosition);
  }
  return {
    appends: progress.appends + chunk.count,
    events: progress.events + chunk.events,
    repeatedEvents,
    lastPosition,
  };
}

function unwrap<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
