import type { Recorded, StreamId } from '../../domain/index.ts';
import { checkStreamId } from '../../domain/identifiers.ts';
import type {
  AppendOptions,
  AppendResult,
  EventFilter,
  EventPage,
  EventQuery,
  EventStore,
  FeedPage,
  FollowOptions,
  ReadFeedOptions,
  ReadStreamOptions,
  StoredCommand,
  StreamAppend,
  SubscribeOptions,
  Subscription,
} from '../../application/ports/event-store.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { StoreActivity } from '../../application/ports/store-health.ts';
import type { InlineProjections } from '../../application/ports/read-model-store.ts';
import { checkTimeout } from '../../application/check-timeout.ts';
import {
  checkBound,
  checkCommandId,
  checkEventId,
  checkFeedBounds,
  checkStreamBounds,
} from '../../application/events/check-query.ts';
import { Listeners } from '../../application/events/listeners.ts';
import { readCommandResult } from '../../application/events/prepare-append.ts';
import { readFeedByPages } from '../../application/subscriptions/read-feed.ts';
import { Subscriptions } from '../../application/subscriptions/subscriptions.ts';
import type { TailPage } from '../../application/subscriptions/tail.ts';
import { uuidArray } from './binary-arrays.ts';
import { CommitNotifier, listenToCommits } from './commit-notifier.ts';
import { EventConditions } from './event-conditions.ts';
import { EventLookups } from './event-lookups.ts';
import { eventColumns, readEvent } from './event-rows.ts';
import { readStreamPages } from './read-stream.ts';
import { SqlAppend } from './sql-append.ts';
import type { SqlAppendServices } from './sql-append.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlStatement } from './sql-client.ts';
import { isLostConnection, isRefusedByServer } from './sql-errors.ts';
import { SqlEventQuery } from './sql-event-query.ts';
import { prepared } from './statements.ts';
import type { Statements } from './statements.ts';

// How late a commit is seen of which no wake-up told. Together with the signs of life that a process gives for its
// projections, also every two seconds, an idle process asks once a second.
/** See `WakeUpOptions`. */
export const defaultPollMs = 2_000;
// Under load one read brings what several appends have stored; reading after each of them halves their number.
const spacingMs = 2;
const tailPageSize = 1_000;

// Looked up one by one and remembered for the page; the planner would rather read all streams, for each page.
const eventsBesideStreams = `events e cross join lateral (
    select x.aggregate_type, x.aggregate_id from annals.streams x where x.stream_ref = e.stream_ref offset 0
  ) s`;
const eventsWithStreams = 'events e join annals.streams s on s.stream_ref = e.stream_ref';

/** How stores learn of each other's commits. */
export interface WakeUpOptions {
  /** Whether stores wake each other by NOTIFY and LISTEN; off behind a pooler that drops them; default true. */
  readonly usesNotify?: boolean | undefined;
  /** How often a store with subscriptions looks for commits that nobody told it of; default 2,000 ms. */
  readonly pollMs?: number | undefined;
}

/** The event store on PostgreSQL, whichever client speaks to it. */
export class SqlEventStore implements EventStore {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #append: SqlAppend;
  readonly #query: SqlEventQuery;
  readonly #lookups = new EventLookups(eventIds => this.#find(eventIds));
  readonly #committed = new Listeners();
  readonly #subscriptions: Subscriptions;
  readonly #notifier: CommitNotifier | undefined;
  #settled = 0;
  /* Whether positions were taken that were not settled, at the last look; a hint. */
  #isWriterOpen = false;
  #isClosed = false;

  constructor(
    client: SqlClient,
    statements: Statements,
    services: SqlAppendServices,
    { usesNotify = true, pollMs = defaultPollMs }: WakeUpOptions = {},
  ) {
    this.#client = client;
    this.#statements = statements;
    this.#append = new SqlAppend(client, statements, services);
    this.#query = new SqlEventQuery((statement, parameters) => this.#run(statement, parameters), statements);
    checkTimeout('pollMs', checkBound('pollMs', pollMs, 1));
    const notifies = usesNotify && client.listen !== undefined;
    this.#notifier = notifies ? new CommitNotifier(client, statements) : undefined;
    this.#subscriptions = new Subscriptions(this, {
      ...{ pollMs, spacingMs },
      readTailPage: (afterPosition, isHinted) => this.#readTailPage(afterPosition, isHinted),
      listen: notifies ? wake => listenToCommits(client, statements, wake) : undefined,
    });
  }

  /** What it is doing now. */
  get activity(): StoreActivity {
    return { ...this.#append.activity, ...this.#subscriptions.activity };
  }

  async append(append: StreamAppend, options: AppendOptions = {}): Promise<AppendResult> {
    // Not by way of appendMany: each turn of a promise costs at twenty thousand appends a second.
    this.#requireOpen();
    const results = await this.#append.append([append], options);
    this.#wakeReaders(results);
    return results[0]!;
  }

  async appendMany(
    appends: readonly StreamAppend[],
    options: AppendOptions = {},
  ): Promise<readonly AppendResult[]> {
    this.#requireOpen();
    const results = await this.#append.append(appends, options);
    this.#wakeReaders(results);
    return results;
  }

  readStream(stream: StreamId, options: ReadStreamOptions = {}): AsyncIterable<Recorded> {
    checkStreamId(stream);
    checkStreamBounds(options);
    const read = (
      name: 'read_stream_forwards' | 'read_stream_backwards',
      parameters: SqlParameter[],
    ): Promise<readonly SqlRow[]> => this.#run(this.#statements.get(name), parameters);
    return readStreamPages(read, stream, options);
  }

  readFeed(options: ReadFeedOptions = {}): AsyncIterable<Recorded> {
    return readFeedByPages(page => this.readFeedPage(page), options);
  }

  async readFeedPage(options: ReadFeedOptions = {}): Promise<FeedPage> {
    checkFeedBounds(options);
    const { isWriterOpen: _isWriterOpen, ...page } = await this.#readPage(options);
    return page;
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.#requireOpen();
    return this.#subscriptions.subscribe(options);
  }

  follow(stream: StreamId, options: FollowOptions = {}): AsyncIterable<Recorded> {
    this.#requireOpen();
    return this.#subscriptions.follow(stream, options);
  }

  /*
   * What follows without a gap is settled without a look at the locks, and a page that somebody told of mostly does:
   * one query instead of two.
   */
  async #readTailPage(afterPosition: number, isHinted: boolean): Promise<TailPage> {
    if (isHinted && !this.#isWriterOpen) {
      const toPosition = afterPosition + tailPageSize;
      const events = await this.#readWindow({ afterPosition, toPosition }, tailPageSize);
      const throughPosition = afterPosition + events.length;
      if (events.length > 0 && events.at(-1)!.position === throughPosition) {
        this.#settled = Math.max(this.#settled, throughPosition);
        return { events, throughPosition, isLast: events.length < tailPageSize, isWriterOpen: false };
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
    for (let span = batchSize; through < end && events.length < batchSize; span *= 2) {
      const window = { ...options, afterPosition: through, toPosition: Math.min(end, through + span) };
      const rest = batchSize - events.length;
      const found = await this.#readWindow(window, rest);
      events.push(...found);
      through = found.length < rest ? window.toPosition : found.at(-1)!.position;
    }
    // Beyond what was settled at an earlier look there may be more by now; the next page looks again.
    const isLast = through >= end && (isFresh || toPosition <= settled);
    return { events, throughPosition: through, isLast, isWriterOpen };
  }

  async get(eventId: string): Promise<Recorded | undefined> {
    return this.#lookups.get(checkEventId(eventId));
  }

  async query(query: EventQuery): Promise<EventPage> {
    return this.#query.find(query);
  }

  async countByType(filter: EventFilter = {}): Promise<Readonly<Record<string, number>>> {
    return this.#query.countByType(filter);
  }

  async streamVersion(stream: StreamId): Promise<number> {
    checkStreamId(stream);
    const rows = await this.#run(this.#statements.get('stream_version'), [
      stream.aggregateId,
      stream.aggregateType,
    ]);
    return Number(rows[0]?.[0] ?? 0);
  }

  async findCommand(commandId: string): Promise<StoredCommand | undefined> {
    const [row] = await this.#run(this.#statements.get('find_command'), [checkCommandId(commandId)]);
    if (row === undefined) return undefined;
    const result = readCommandResult(row[1] ?? null);
    return { commandId, fingerprint: row[0]!, result, lastPosition: Number(row[2]) };
  }

  async settledPosition(): Promise<number> {
    const rows = await this.#run(this.#statements.get('settled_position'), []);
    // What is settled stays settled; of two answers that overtook each other the higher one holds.
    const [settled, allocated] = rows[0]!.map(Number);
    this.#settled = Math.max(this.#settled, settled!);
    this.#isWriterOpen = allocated! > this.#settled;
    return this.#settled;
  }

  async lastSettledEvent(atMost: number): Promise<number | undefined> {
    checkBound('position', atMost, 0);
    const [row] = await this.#run(this.#statements.get('last_settled_event'), [atMost]);
    return row?.[0] == null ? undefined : Number(row[0]);
  }

  onCommitted(listener: () => void): () => void {
    return this.#committed.add(listener);
  }

  useInlineProjections(inline: InlineProjections): void {
    this.#append.inline = inline;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#subscriptions.close();
    await this.#notifier?.close();
  }

  #wakeReaders(results: readonly AppendResult[]): void {
    let lastPosition = 0;
    for (const result of results) lastPosition = Math.max(lastPosition, result.lastPosition);
    if (lastPosition === 0) return;
    this.#subscriptions.wake(lastPosition);
    this.#notifier?.notify(lastPosition);
    this.#committed.notify();
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
  async #readWindow(window: ReadFeedOptions, limit: number): Promise<Recorded[]> {
    const { afterPosition, toPosition, types, aggregateTypes } = window;
    const conditions = new EventConditions()
      .add('e.position > @', afterPosition)
      .add('e.position <= @', toPosition)
      .addFilter({ types, aggregateTypes });
    const { where, parameters } = conditions;
    const from = `from annals.${eventsBesideStreams} ${where} order by e.position`;
    const text = `select ${eventColumns} ${from} limit ${conditions.parameter(limit)}`;
    const rows = await this.#run(prepared('read_feed', this.#statements.inSchema(text)), parameters);
    return rows.map(readEvent);
  }

  async #find(eventIds: readonly string[]): Promise<readonly Recorded[]> {
    const text = `select ${eventColumns} from annals.${eventsWithStreams} where e.event_id = any ($1::uuid[])`;
    const rows = await this.#run({ text: this.#statements.inSchema(text) }, [uuidArray(eventIds)]);
    return rows.map(readEvent);
  }

  async #run(statement: SqlStatement, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    this.#requireOpen();
    try {
      return await this.#client.run(statement, parameters);
    } catch (error) {
      if (isLostConnection(error))
        throw new StoreUnavailable('The database could not be read.', { cause: error });
      if (isRefusedByServer(error))
        throw new StoreUnavailable(`The database could not be read: ${(error as Error).message}.`, {
          cause: error,
        });
      throw error;
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('The event store was closed.');
  }
}
