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
  ReadFeedOptions,
  ReadStreamOptions,
  StoredCommand,
  StreamAppend,
} from '../../application/ports/event-store.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { InlineProjections } from '../../application/ports/read-model-store.ts';
import {
  checkCommandId,
  checkEventId,
  checkFeedBounds,
  checkStreamBounds,
} from '../../application/events/check-query.ts';
import { Listeners } from '../../application/events/listeners.ts';
import { readCommandResult } from '../../application/events/prepare-append.ts';
import type { AppendPreparation } from '../../application/events/prepare-append.ts';
import { readFeedByPages } from '../../application/subscriptions/read-feed.ts';
import { EventConditions } from './event-conditions.ts';
import { eventColumns, readEvent } from './event-rows.ts';
import { readStreamPages } from './read-stream.ts';
import { SqlAppend } from './sql-append.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlStatement } from './sql-client.ts';
import { SqlEventQuery } from './sql-event-query.ts';
import { isLostConnection } from './sql-errors.ts';
import type { Statements } from './statements.ts';

const eventsWithStreams = 'events e join annals.streams s on s.stream_ref = e.stream_ref';

/** The event store on PostgreSQL, whichever client speaks to it. */
export class SqlEventStore implements EventStore {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #append: SqlAppend;
  readonly #query: SqlEventQuery;
  readonly #committed = new Listeners();
  #settled = 0;
  #isClosed = false;

  constructor(client: SqlClient, statements: Statements, preparation: AppendPreparation) {
    this.#client = client;
    this.#statements = statements;
    this.#append = new SqlAppend(client, statements, preparation);
    this.#query = new SqlEventQuery((statement, parameters) => this.#run(statement, parameters), statements);
  }

  async append(append: StreamAppend, options?: AppendOptions): Promise<AppendResult> {
    const [result] = await this.appendMany([append], options);
    return result!;
  }

  async appendMany(
    appends: readonly StreamAppend[],
    options: AppendOptions = {},
  ): Promise<readonly AppendResult[]> {
    this.#requireOpen();
    const results = await this.#append.append(appends, options);
    if (results.some(result => result.eventIds.length > 0)) this.#committed.notify();
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
    const { afterPosition = 0, toPosition = Infinity, batchSize = 1_000 } = options;
    const { settled, isFresh } = await this.#settledAfter(afterPosition + batchSize);
    const end = Math.min(toPosition, settled);
    if (end <= afterPosition) return { events: [], throughPosition: afterPosition, isLast: true };
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
    return { events, throughPosition: through, isLast: through >= end && (isFresh || toPosition <= settled) };
  }

  async get(eventId: string): Promise<Recorded | undefined> {
    const conditions = new EventConditions().add('e.event_id = @', checkEventId(eventId));
    const [event] = await this.#select(conditions, '', 1);
    return event;
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
    this.#settled = Math.max(this.#settled, Number(rows[0]?.[0]));
    return this.#settled;
  }

  onCommitted(listener: () => void): () => void {
    return this.#committed.add(listener);
  }

  useInlineProjections(inline: InlineProjections): void {
    this.#append.inline = inline;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
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
    return this.#select(conditions, 'order by e.position', limit);
  }

  async #select(conditions: EventConditions, order: string, limit: number): Promise<Recorded[]> {
    const from = `from annals.${eventsWithStreams} ${conditions.where} ${order}`;
    const text = `select ${eventColumns} ${from} limit ${conditions.parameter(limit)}`;
    const rows = await this.#run({ text: this.#statements.inSchema(text) }, conditions.parameters);
    return rows.map(readEvent);
  }

  async #run(statement: SqlStatement, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    this.#requireOpen();
    try {
      return await this.#client.run(statement, parameters);
    } catch (error) {
      if (isLostConnection(error))
        throw new StoreUnavailable('The database could not be read.', { cause: error });
      throw error;
    }
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('The event store was closed.');
  }
}
