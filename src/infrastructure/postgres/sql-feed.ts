import type { Recorded } from '../../domain/index.ts';
import type { FeedPage, ReadFeedOptions } from '../../application/ports/event-store.ts';
import { StoredEvent } from '../../application/events/stored-event.ts';
import type { TailPage } from '../../application/subscriptions/tail.ts';
import { int8Array } from './binary-arrays.ts';
import { EventConditions } from './event-conditions.ts';
import { columnsWith, metadataAt, payloadAt, positionOf, readEvent } from './event-rows.ts';
import { IncompleteEvent, eventsBesideStreams, unlessLarge } from './feed-columns.ts';
import type { FeedWindow, FoundEvents } from './feed-columns.ts';
import { FeedCopy } from './feed-copy.ts';
import type { SqlClient, SqlRow, SqlRunner } from './sql-client.ts';
import { prepared } from './statements.ts';
import type { Statements } from './statements.ts';

const tailPageSize = 1_000;
// A page of large events ends early, so that a reader's memory does not depend on how large they are.
const maxCharactersAPage = 16 * 1024 * 1024;
const largeAtATime = 16;

const columns = columnsWith(unlessLarge('e.payload'), unlessLarge('e.metadata'));

interface Window {
  readonly events: readonly Recorded[];
  /** Whether it ends early, because of the size of its events. */
  readonly isCut: boolean;
}

/** Reads the log in its one order, by pages that end where it is settled. */
export class SqlFeed {
  readonly #run: SqlRunner['run'];
  readonly #copy: FeedCopy;
  readonly #statements: Statements;
  #settled = 0;
  /* Whether positions were taken that were not settled, at the last look; a hint. */
  #isWriterOpen = false;

  constructor(run: SqlRunner['run'], copyOut: SqlClient['copyOut'], statements: Statements) {
    this.#run = run;
    this.#copy = new FeedCopy(copyOut, statements);
    this.#statements = statements;
  }

  /** Up to where the log was settled at the last look, if there was one: it still is. */
  get knownSettled(): number {
    return this.#settled;
  }

  async settledPosition(): Promise<number> {
    const rows = await this.#run(this.#statements.get('settled_position'), []);
    // What is settled stays settled; of two answers that overtook each other the higher one holds.
    const [settled, allocated] = rows[0]!.map(Number);
    this.#settled = Math.max(this.#settled, settled!);
    this.#isWriterOpen = allocated! > this.#settled;
    return this.#settled;
  }

  /** Undefined until nothing can appear any more up to there; from then on pages reach so far. */
  async lastSettledEvent(atMost: number): Promise<number | undefined> {
    const [row] = await this.#run(this.#statements.get('last_settled_event'), [atMost]);
    if (row?.[0] == null) return undefined;
    // A writer may announce an older bound from now on, and a later look would take that for the end.
    this.#settled = Math.max(this.#settled, atMost);
    return Number(row[0]);
  }

  /** A page of at most `batchSize` events, fewer where they are large. */
  async readPage(options: ReadFeedOptions): Promise<FeedPage> {
    const { isWriterOpen: _isWriterOpen, ...page } = await this.#readPage(options);
    return page;
  }

  /*
   * What follows without a gap is settled without a look at the locks, and a page that somebody told of mostly does:
   * one query instead of two.
   */
  async readTailPage(afterPosition: number, isHinted: boolean): Promise<TailPage> {
    if (isHinted && !this.#isWriterOpen) {
      const toPosition = afterPosition + tailPageSize;
      const { events, isCut } = await this.#readRows({ afterPosition, toPosition }, tailPageSize);
      const throughPosition = afterPosition + events.length;
      if (events.length > 0 && events.at(-1)!.position === throughPosition) {
        this.#settled = Math.max(this.#settled, throughPosition);
        return {
          events,
          throughPosition,
          isLast: !isCut && events.length < tailPageSize,
          isWriterOpen: false,
        };
      }
    }
    return this.#readPage({ afterPosition, batchSize: tailPageSize });
  }

  async #readPage(options: ReadFeedOptions): Promise<TailPage> {
    const { afterPosition = 0, toPosition = Infinity, batchSize = 1_000 } = options;
    const { settled, isFresh } = await this.#settledAfter(afterPosition + batchSize);
    const end = Math.min(toPosition, settled);
    const isWriterOpen = this.#isWriterOpen;
    if (end <= afterPosition) {
      return { events: [], throughPosition: afterPosition, isLast: true, isWriterOpen };
    }
    const events: Recorded[] = [];
    let through = afterPosition;
    let isFull = false;
    for (let span = batchSize; through < end && !isFull; span *= 2) {
      const window = { ...options, afterPosition: through, toPosition: Math.min(end, through + span) };
      const rest = batchSize - events.length;
      const found = await this.#readWindow(window, rest);
      events.push(...found.events);
      isFull = found.isCut || found.events.length === rest;
      through = isFull ? found.events.at(-1)!.position : window.toPosition;
    }
    // Beyond what was settled at an earlier look there may be more by now; the next page looks again.
    const isLast = through >= end && (isFresh || toPosition <= settled);
    return { events, throughPosition: through, isLast, isWriterOpen };
  }

  /* During a catch-up everything read is long settled, and the locks need not be looked at for each page. */
  async #settledAfter(position: number): Promise<{ settled: number; isFresh: boolean }> {
    if (this.#settled >= position) return { settled: this.#settled, isFresh: false };
    return { settled: await this.settledPosition(), isFresh: true };
  }

  /*
   * A page is read in windows of positions that grow while few events match. Without an upper bound close by, a
   * table that has no statistics yet makes the planner sort everything up to the end, for each page.
   */
  async #readWindow(window: FeedWindow, limit: number): Promise<Window> {
    const found = await this.#copy.read(window, limit);
    return found === undefined ? this.#readRows(window, limit) : this.#completed(found);
  }

  async #readRows(window: FeedWindow, limit: number): Promise<Window> {
    const { afterPosition, toPosition, types, aggregateTypes } = window;
    const conditions = new EventConditions()
      .add('e.position > @', afterPosition)
      .add('e.position <= @', toPosition)
      .addFilter({ types, aggregateTypes });
    const { where, parameters } = conditions;
    const from = `from annals.${eventsBesideStreams} ${where} order by e.position`;
    const text = `select ${columns} ${from} limit ${conditions.parameter(limit)}`;
    const rows = await this.#run(prepared('read_feed', this.#statements.inSchema(text)), parameters);
    return this.#completed(rows.map(readFound));
  }

  /* Fetches what was left out because it is large, as far as a page goes. */
  async #completed(found: FoundEvents): Promise<Window> {
    if (isComplete(found)) return { events: found, isCut: false };
    const events: Recorded[] = [];
    let large: Map<number, SqlRow> | undefined;
    let characters = 0;
    for (const [index, one] of found.entries()) {
      if (one instanceof IncompleteEvent) {
        if (!large?.has(one.position)) large = await this.#readLarge(found.slice(index));
        const [, payload, metadata] = large.get(one.position)!;
        characters += payload!.length + (metadata?.length ?? 0);
        events.push(one.complete(payload!, metadata ?? null));
      } else {
        characters += one instanceof StoredEvent ? one.jsonLength : 0;
        events.push(one);
      }
      if (characters >= maxCharactersAPage) return { events, isCut: index < found.length - 1 };
    }
    return { events, isCut: false };
  }

  async #readLarge(found: FoundEvents): Promise<Map<number, SqlRow>> {
    const large = found.filter(one => one instanceof IncompleteEvent).slice(0, largeAtATime);
    const text = 'select position, payload, metadata from annals.events where position = any ($1)';
    const parameters = [int8Array(large.map(({ position }) => position))];
    const rows = await this.#run({ text: this.#statements.inSchema(text) }, parameters);
    return new Map(rows.map(row => [Number(row[0]), row]));
  }
}

function readFound(row: SqlRow): Recorded | IncompleteEvent {
  if (row[payloadAt] !== null) return readEvent(row);
  return new IncompleteEvent(positionOf(row), (payload, metadata) =>
    readEvent(row.with(payloadAt, payload).with(metadataAt, metadata)),
  );
}

function isComplete(found: FoundEvents): found is readonly Recorded[] {
  return !found.some(one => one instanceof IncompleteEvent);
}
