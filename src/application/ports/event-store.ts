import type { InlineProjections } from './read-model-store.ts';
import type { Actor, EventMetadata, ExpectedVersion, Recorded, StreamId } from '../../domain/index.ts';

/** An event to be appended, its payload in plain JSON. */
export interface NewEvent {
  /** `aggregate.past_tense_verb` */
  readonly type: string;
  /** An object that JSON can carry and give back unchanged. */
  readonly payload: object;
  /** Uuid; default: a new one. Repeat it to repeat the append safely. */
  readonly eventId?: string;
  /** Default 1. */
  readonly schemaVersion?: number;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly userId?: string | undefined;
  /** Default `system`. */
  readonly actor?: Actor | undefined;
  readonly metadata?: EventMetadata | undefined;
}

/** Unique keys that change hands together with an append. */
export interface KeyChanges {
  readonly claim: readonly string[];
  readonly release: readonly string[];
}

/** What one append writes to one stream. No events: only the expected version is checked. */
export interface StreamAppend {
  readonly stream: StreamId;
  readonly expectedVersion: ExpectedVersion;
  readonly events: readonly NewEvent[];
  readonly uniqueKeys?: KeyChanges | undefined;
}

/** The memory of a command that ran, stored with its events so that it never runs twice. */
export interface CommandRecord {
  readonly commandId: string;
  /** Tells a repetition from another command under the same id. */
  readonly fingerprint: string;
  /** What the handler returned; plain JSON. */
  readonly result: unknown;
}

/** A command that ran before. */
export interface StoredCommand extends CommandRecord {
  /** The last position it wrote; 0 if it wrote nothing. */
  readonly lastPosition: number;
}

/** Options of an append. */
export interface AppendOptions {
  /** Gives a caller without stable event ids the same safety: its repetition returns the first result. */
  readonly idempotencyKey?: string | undefined;
  /** Commands that are done once this append is stored. */
  readonly commands?: readonly CommandRecord[] | undefined;
  /** Gives the append up if it has not been sent yet. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of an append to one stream. */
export interface AppendResult {
  readonly stream: StreamId;
  /** The stream's version after the append. */
  readonly version: number;
  /** The position of the last event written; 0 if there was none. */
  readonly lastPosition: number;
  /** One for each event, in order. */
  readonly positions: readonly number[];
  readonly eventIds: readonly string[];
  /** Whether an earlier append with the same ids had already written this. */
  readonly repeated: boolean;
}

/** Bounds and direction of a stream read. */
export interface ReadStreamOptions {
  /** Inclusive; default 1. */
  readonly fromVersion?: number | undefined;
  /** Inclusive; default: the end. */
  readonly toVersion?: number | undefined;
  /** Only events recorded at or after this time. */
  readonly since?: Date | undefined;
  /** Only events recorded at or before this time. */
  readonly until?: Date | undefined;
  /** Default `forwards`: version 1 first. */
  readonly direction?: 'forwards' | 'backwards' | undefined;
  /** At most so many events; default: all. */
  readonly limit?: number | undefined;
}

/** Which events a feed delivers. */
export interface FeedFilter {
  /** Default: all types. */
  readonly types?: readonly string[] | undefined;
  /** Default: all aggregate types. */
  readonly aggregateTypes?: readonly string[] | undefined;
}

/** Where a feed read starts and ends. */
export interface ReadFeedOptions extends FeedFilter {
  /** Exclusive; default 0, the beginning. */
  readonly afterPosition?: number | undefined;
  /** Inclusive; default: what is settled when the read gets there. */
  readonly toPosition?: number | undefined;
  /** Events fetched at a time, at most, 1 to 10,000; fewer where they are large. Default 1,000. */
  readonly batchSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A page of the feed. */
export interface FeedPage {
  /** In position order, each stream in version order. */
  readonly events: readonly Recorded[];
  /** Everything at or below this position has been delivered: the checkpoint to store. */
  readonly throughPosition: number;
  /** Whether the page reached the end of what is settled. */
  readonly isLast: boolean;
}

/** What a subscription delivers, and from where on. */
export interface SubscribeOptions extends FeedFilter {
  /**
   * `start` (default): all events; `end`: what comes after what is settled when the loop begins; a position: what comes
   * after it, because everything at or below has been handled.
   */
  readonly from?: 'start' | 'end' | number | undefined;
  /** Events at a time, at most, 1 to 10,000; fewer where they are large. Default 1,000. */
  readonly batchSize?: number | undefined;
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The settled events as they come, in position order, each once. It never ends by itself.
 *
 * Nothing happens before it is looped over; leaving the loop frees everything. Each loop is a run of its own, which
 * begins at `from`. A loop bridges lost connections: it waits, and goes on where it was. A slow one holds up nobody
 * and holds no more than two pages.
 */
export interface Subscription extends AsyncIterable<Recorded> {
  /**
   * The same page by page, for readers that keep a checkpoint: `throughPosition` moves on even where no event
   * matches.
   */
  pages(): AsyncIterable<FeedPage>;
}

/** From where on a stream is followed. */
export interface FollowOptions {
  /** Inclusive; default 1. */
  readonly fromVersion?: number | undefined;
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** Filters of `query`, all of which must hold. */
export interface EventFilter extends FeedFilter {
  readonly aggregateId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly userId?: string | undefined;
  readonly actor?: Actor | undefined;
  /** Inclusive. */
  readonly since?: Date | undefined;
  /** Inclusive. */
  readonly until?: Date | undefined;
}

/** A query for events, a page at a time. */
export interface EventQuery extends EventFilter {
  /** Default `oldest` first. */
  readonly order?: 'oldest' | 'newest' | undefined;
  /** Inclusive; default: the end. */
  readonly toPosition?: number | undefined;
  /** 1 to 10,000; default 100. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** A page of a query's result. */
export interface EventPage {
  readonly events: readonly Recorded[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/**
 * The append-only log of events.
 *
 * Every adapter passes `eventStoreContract`. Close it with `await store[Symbol.asyncDispose]()`.
 */
export interface EventStore extends AsyncDisposable {
  /**
   * Appends to one stream, all events or none.
   *
   * Positions grow but may skip. Repeating the same event ids, or the same `idempotencyKey`, returns the
   * first result, whatever was appended since.
   *
   * @throws {StreamVersionConflict} the stream is not at the expected version: reload and decide again
   * @throws {EventIdConflict} some of the ids exist, or exist with other content
   * @throws {UniqueKeyTaken} another aggregate holds a key
   * @throws {UnserializableValue} a payload holds what JSON cannot carry
   * @throws {InvalidIdentifier} a stream, type or id could not be stored
   */
  append(append: StreamAppend, options?: AppendOptions): Promise<AppendResult>;

  /**
   * Appends to several streams atomically, in the order given: one conflict refuses them all.
   *
   * A stream may occur several times; each part is checked as if those before it were stored.
   */
  appendMany(appends: readonly StreamAppend[], options?: AppendOptions): Promise<readonly AppendResult[]>;

  /** The events of one stream; none if it does not exist. Leaving the loop early frees its resources. */
  readStream(stream: StreamId, options?: ReadStreamOptions): AsyncIterable<Recorded>;

  /** The settled events of all streams, in position order. Ends when it has caught up. */
  readFeed(options?: ReadFeedOptions): AsyncIterable<Recorded>;

  /** One page of the feed, for readers that keep a checkpoint. */
  readFeedPage(options?: ReadFeedOptions): Promise<FeedPage>;

  /**
   * The settled events as they come; see `Subscription`.
   *
   * @throws {InvalidQuery} (at once) an option makes no sense
   * @throws {StoreUnavailable} (from the loop) the store was closed
   */
  subscribe(options?: SubscribeOptions): Subscription;

  /**
   * The events of one stream: those that exist, then those that come, in version order, each once.
   *
   * It never ends by itself, bridges lost connections, and may be left at any time.
   *
   * @throws {InvalidQuery} (at once) the version makes no sense
   * @throws {StoreUnavailable} (from the loop) the store was closed
   */
  follow(stream: StreamId, options?: FollowOptions): AsyncIterable<Recorded>;

  /** The event with this id. */
  get(eventId: string): Promise<Recorded | undefined>;

  /**
   * A page of the events that match and are stored, settled or not.
   *
   * Pages together show each event once, and pass over none that is stored by the time of the last one. For that a page
   * that others follow, oldest first, ends before what is not settled: it may be shorter than `limit`, even empty, and
   * what an append has just returned is sure to be found only where all that matches fits on the last page.
   *
   * @throws {InvalidQuery} a limit, time range or cursor makes no sense
   */
  query(query: EventQuery): Promise<EventPage>;

  /** How many events of each type match. */
  countByType(filter?: EventFilter): Promise<Readonly<Record<string, number>>>;

  /** The stream's version; 0 if it does not exist. */
  streamVersion(stream: StreamId): Promise<number>;

  /** The command with this id, if it has run. */
  findCommand(commandId: string): Promise<StoredCommand | undefined>;

  /** The position up to which the feed is settled now. */
  settledPosition(): Promise<number>;

  /**
   * The position of the last event at or below a position, once nothing can appear there any more; undefined until
   * then. An aborted append leaves positions that no event will ever have.
   */
  lastSettledEvent(atMost: number): Promise<number | undefined>;

  /** Calls `listener` after each commit of this process. A hint: others commit too. Returns its end. */
  onCommitted(listener: () => void): () => void;

  /** Runs these projections inside every append that concerns them. Called once, before the first append. */
  useInlineProjections(inline: InlineProjections): void;
}
