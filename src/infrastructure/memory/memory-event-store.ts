import type { Recorded, StreamId } from '../../domain/index.ts';
import { checkStreamId } from '../../domain/identifiers.ts';
import type { Clock } from '../../application/ports/clock.ts';
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
import type { IdGenerator } from '../../application/ports/id-generator.ts';
import type { StoreActivity } from '../../application/ports/store-health.ts';
import type { InlineProjections } from '../../application/ports/read-model-store.ts';
import {
  checkBound,
  checkCommandId,
  checkEventId,
  checkFeedBounds,
  checkFilter,
  checkQuery,
  checkStreamBounds,
} from '../../application/events/check-query.ts';
import { readCursor, writeCursor } from '../../application/events/check-query.ts';
import { Listeners } from '../../application/events/listeners.ts';
import { prepareAppend } from '../../application/events/prepare-append.ts';
import type { AppendPreparation, PreparedAppend } from '../../application/events/prepare-append.ts';
import { readFeedByPages } from '../../application/subscriptions/read-feed.ts';
import { Subscriptions } from '../../application/subscriptions/subscriptions.ts';
import { systemClock } from '../system/system-clock.ts';
import { uuidV7Generator } from '../system/uuid-v7-generator.ts';
import { matches } from './match-events.ts';
import { MemoryLog } from './memory-log.ts';

/** What the memory store may be given instead of the machine's own. */
export interface MemoryEventStoreOptions {
  readonly clock?: Clock;
  readonly ids?: IdGenerator;
}

/** Lets inline projections and an append commit together. */
export interface InlineTransactions {
  /** Projects the events, then commits both halves in one step. */
  project(inline: InlineProjections, events: readonly Recorded[], commitAppend: () => void): Promise<void>;
}

/** Keeps events in memory, as JSON text like the SQL stores, for tests and trials. */
export class MemoryEventStore implements EventStore {
  readonly #log = new MemoryLog();
  readonly #committed = new Listeners();
  readonly #subscriptions = new Subscriptions(this);
  readonly #preparation: AppendPreparation;
  readonly #transactions: InlineTransactions | undefined;
  #inline: InlineProjections | undefined;
  #lastAppend: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: MemoryEventStoreOptions = {}, transactions?: InlineTransactions) {
    this.#preparation = { clock: options.clock ?? systemClock, ids: options.ids ?? uuidV7Generator };
    this.#transactions = transactions;
  }

  /** What it is doing now; appends wait for nobody. */
  get activity(): StoreActivity {
    return { appendsWaiting: 0, callsInFlight: 0, appendsStillMs: 0, ...this.#subscriptions.activity };
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
    options.signal?.throwIfAborted();
    const prepared = prepareAppend(appends, options, this.#preparation);
    const appended = this.#lastAppend.then(() => this.#append(prepared));
    this.#lastAppend = appended.catch(() => undefined);
    return appended;
  }

  async #append(prepared: PreparedAppend): Promise<readonly AppendResult[]> {
    this.#requireOpen();
    const change = this.#log.plan(prepared);
    const inline = this.#inline;
    const isProjected = inline !== undefined && change.events.some(event => inline.handles(event.type));
    if (!isProjected || this.#transactions === undefined) this.#log.commit(change);
    else await this.#transactions.project(inline, change.events, () => this.#log.commit(change));
    if (change.events.length > 0) {
      this.#subscriptions.wake(this.#log.lastPosition);
      this.#committed.notify();
    }
    return change.results;
  }

  async *readStream(stream: StreamId, options: ReadStreamOptions = {}): AsyncIterable<Recorded> {
    this.#requireOpen();
    checkStreamId(stream);
    checkStreamBounds(options);
    const { fromVersion = 1, toVersion = Infinity, since, until, direction, limit = Infinity } = options;
    const inBounds = this.#log
      .eventsOf(stream)
      .filter(event => event.version >= fromVersion && event.version <= toVersion)
      .filter(event => matches(event, { since, until }));
    if (direction === 'backwards') inBounds.reverse();
    yield* inBounds.slice(0, limit);
  }

  readFeed(options: ReadFeedOptions = {}): AsyncIterable<Recorded> {
    return readFeedByPages(page => this.readFeedPage(page), options);
  }

  async readFeedPage(options: ReadFeedOptions = {}): Promise<FeedPage> {
    this.#requireOpen();
    checkFeedBounds(options);
    const { afterPosition = 0, toPosition = Infinity, batchSize = 1_000 } = options;
    const end = Math.min(toPosition, this.#log.lastPosition);
    const events: Recorded[] = [];
    let throughPosition = Math.max(afterPosition, end);
    for (const event of this.#log.eventsBetween(afterPosition, end)) {
      if (!matches(event, options)) continue;
      events.push(event);
      if (events.length < batchSize) continue;
      throughPosition = event.position;
      break;
    }
    return { events, throughPosition, isLast: throughPosition >= end };
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.#requireOpen();
    return this.#subscriptions.subscribe(options);
  }

  follow(stream: StreamId, options: FollowOptions = {}): AsyncIterable<Recorded> {
    this.#requireOpen();
    return this.#subscriptions.follow(stream, options);
  }

  async get(eventId: string): Promise<Recorded | undefined> {
    this.#requireOpen();
    return this.#log.find(checkEventId(eventId));
  }

  async query(query: EventQuery): Promise<EventPage> {
    this.#requireOpen();
    checkQuery(query);
    const { limit = 100, toPosition = Infinity } = query;
    const cursor = readCursor(query);
    const isNewestFirst = query.order === 'newest';
    const found = this.#log.all().filter(event => event.position <= toPosition && matches(event, query));
    if (isNewestFirst) found.reverse();
    const rest = found.filter(event => {
      if (cursor === undefined) return true;
      return isNewestFirst ? event.position < cursor : event.position > cursor;
    });
    const events = rest.slice(0, limit);
    const last = events.at(-1);
    return {
      events,
      nextCursor: last && rest.length > limit ? writeCursor(query, last.position) : undefined,
    };
  }

  async countByType(filter: EventFilter = {}): Promise<Readonly<Record<string, number>>> {
    this.#requireOpen();
    checkFilter(filter);
    const counts: Record<string, number> = {};
    for (const event of this.#log.all()) {
      if (matches(event, filter)) counts[event.type] = (counts[event.type] ?? 0) + 1;
    }
    return counts;
  }

  async streamVersion(stream: StreamId): Promise<number> {
    this.#requireOpen();
    return this.#log.eventsOf(checkStreamId(stream)).length;
  }

  async findCommand(commandId: string): Promise<StoredCommand | undefined> {
    this.#requireOpen();
    return this.#log.findCommand(checkCommandId(commandId));
  }

  async settledPosition(): Promise<number> {
    this.#requireOpen();
    return this.#log.lastPosition;
  }

  async lastSettledEvent(atMost: number): Promise<number | undefined> {
    this.#requireOpen();
    checkBound('position', atMost, 0);
    // Positions follow each other here without a gap.
    return atMost <= this.#log.lastPosition ? atMost : undefined;
  }

  onCommitted(listener: () => void): () => void {
    return this.#committed.add(listener);
  }

  useInlineProjections(inline: InlineProjections): void {
    this.#inline = inline;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lastAppend;
    this.#isClosed = true;
    await this.#subscriptions.close();
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('The memory store was closed.');
  }
}
