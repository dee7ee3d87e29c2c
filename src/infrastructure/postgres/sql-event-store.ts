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
import { uuidArray } from './binary-arrays.ts';
import { CommitNotifier, listenToCommits } from './commit-notifier.ts';
import { EventLookups } from './event-lookups.ts';
import { eventColumns, readEvent } from './event-rows.ts';
import { readStreamPages } from './read-stream.ts';
import type { StreamSource } from './stream-pages.ts';
import { SqlAppend } from './sql-append.ts';
import type { SqlAppendServices } from './sql-append.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlRunner, SqlStatement } from './sql-client.ts';
import { isLostConnection, isRefusedByServer } from './sql-errors.ts';
import { SqlEventQuery } from './sql-event-query.ts';
import { SqlFeed } from './sql-feed.ts';
import type { Statements } from './statements.ts';

// How late a commit is seen of which no wake-up told. Together with the signs of life that a process gives for its
// projections, also every two seconds, an idle process asks once a second.
/** See `WakeUpOptions`. */
export const defaultPollMs = 2_000;
// Under load one read brings what several appends have stored; reading after each of them halves their number.
const spacingMs = 2;

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
  readonly #feed: SqlFeed;
  readonly #streams: StreamSource;
  readonly #lookups = new EventLookups(eventIds => this.#find(eventIds));
  readonly #committed = new Listeners();
  readonly #subscriptions: Subscriptions;
  readonly #notifier: CommitNotifier | undefined;
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
    const run: SqlRunner['run'] = (statement, parameters = []) => this.#run(statement, parameters);
    const copyOut: SqlClient['copyOut'] = (query, parameters) =>
      this.#read(() => client.copyOut(query, parameters));
    this.#feed = new SqlFeed(run, copyOut, statements);
    this.#streams = { run, copyOut, statements };
    this.#query = new SqlEventQuery(run, statements, this.#feed);
    checkTimeout('pollMs', checkBound('pollMs', pollMs, 1));
    const notifies = usesNotify && client.listen !== undefined;
    this.#notifier = notifies ? new CommitNotifier(client, statements) : undefined;
    this.#subscriptions = new Subscriptions(this, {
      ...{ pollMs, spacingMs },
      readTailPage: (afterPosition, isHinted) => this.#feed.readTailPage(afterPosition, isHinted),
      listen: notifies ? wake => listenToCommits(client, statements, wake) : undefined,
    });
  }

  /** What it is doing now. */
  get activity(): StoreActivity {
    return { ...this.#append.activity, ...this.#subscriptions.activity };
  }

  append(append: StreamAppend, options: AppendOptions = {}): Promise<AppendResult> {
    return this.#store([append], options, results => results[0]!);
  }

  appendMany(
    appends: readonly StreamAppend[],
    options: AppendOptions = {},
  ): Promise<readonly AppendResult[]> {
    return this.#store(appends, options, results => results);
  }

  readStream(stream: StreamId, options: ReadStreamOptions = {}): AsyncIterable<Recorded> {
    checkStreamId(stream);
    checkStreamBounds(options);
    return readStreamPages(this.#streams, stream, options);
  }

  readFeed(options: ReadFeedOptions = {}): AsyncIterable<Recorded> {
    return readFeedByPages(page => this.readFeedPage(page), options);
  }

  async readFeedPage(options: ReadFeedOptions = {}): Promise<FeedPage> {
    checkFeedBounds(options);
    return this.#feed.readPage(options);
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.requireOpen();
    return this.#subscriptions.subscribe(options);
  }

  follow(stream: StreamId, options: FollowOptions = {}): AsyncIterable<Recorded> {
    this.requireOpen();
    return this.#subscriptions.follow(stream, options);
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
    return this.#feed.settledPosition();
  }

  async lastSettledEvent(atMost: number): Promise<number | undefined> {
    checkBound('position', atMost, 0);
    return this.#feed.lastSettledEvent(atMost);
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

  /*
   * Not an async function: while it waits, it would hold the events that it was given, and moving those of hundreds of
   * callers is most of what garbage collection costs.
   */
  #store<T>(
    appends: readonly StreamAppend[],
    options: AppendOptions,
    pick: (results: readonly AppendResult[]) => T,
  ): Promise<T> {
    try {
      this.requireOpen();
      return this.#append.append(appends, options).then(results => {
        this.#wakeReaders(results);
        return pick(results);
      });
    } catch (error) {
      const failure = error as Error;
      return Promise.reject(failure);
    }
  }

  #wakeReaders(results: readonly AppendResult[]): void {
    let lastPosition = 0;
    for (const result of results) lastPosition = Math.max(lastPosition, result.lastPosition);
    if (lastPosition === 0) return;
    this.#subscriptions.wake(lastPosition);
    this.#notifier?.notify(lastPosition);
    this.#committed.notify();
  }

  async #find(eventIds: readonly string[]): Promise<readonly Recorded[]> {
    const text = `select ${eventColumns} from annals.${eventsWithStreams} where e.event_id = any ($1::uuid[])`;
    const rows = await this.#run({ text: this.#statements.inSchema(text) }, [uuidArray(eventIds)]);
    return rows.map(readEvent);
  }

  #run(statement: SqlStatement, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    return this.#read(() => this.#client.run(statement, parameters));
  }

  async #read<T>(call: () => Promise<T>): Promise<T> {
    this.requireOpen();
    try {
      return await call();
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

  /** @throws {StoreUnavailable} it was closed */
  requireOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('The event store was closed.');
  }
}
