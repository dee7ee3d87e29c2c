import type { Recorded } from '../../domain/index.ts';
import type { ParkedEvents, ParkedKey } from './parked-events.ts';
import type { RecordedOperation } from './operation.ts';
import type {
  ClaimedShard,
  NodeState,
  ProjectionId,
  ProjectionStates,
  ProjectionsView,
  ShardCondition,
  ShardId,
} from './projection-states.ts';

/** What a projection writes to: the names of its tables with their columns; `documents` is built in. */
export type ProjectionTables = Readonly<Record<string, string>> | 'documents';

/** A document as it is stored. */
export interface StoredDocument {
  readonly id: string;
  readonly document: unknown;
  /** Stream version of the last event folded into it. */
  readonly version: number;
  /** Position of the last event folded into it. */
  readonly position: number;
}

/** A document to store. */
export interface DocumentChange {
  readonly id: string;
  /** Its JSON text; null removes it. */
  readonly json: string | null;
  readonly version: number;
  readonly position: number;
}

/** A condition on a field of a document; a bare value means `equals`. */
export type FieldCondition =
  | string
  | number
  | boolean
  | null
  | {
      readonly equals?: string | number | boolean | null;
      readonly in?: readonly (string | number | boolean | null)[];
      readonly lessThan?: string | number;
      readonly greaterThan?: string | number;
      readonly atLeast?: string | number;
      readonly atMost?: string | number;
    };

/** A field of a document by name, or a path into nested objects, written with dots. */
export type FieldOf<Document> = (keyof Document & string) | `${keyof Document & string}.${string}`;

/** Conditions on fields, all of which must hold. */
export type DocumentFilter<Document = Record<string, unknown>> = Readonly<
  Partial<Record<FieldOf<Document>, FieldCondition>>
>;

/**
 * The order of documents.
 *
 * Texts come first, by code point (the first 500 characters count), then numbers, then booleans, then lists and
 * objects, then documents in which the field is absent or null; `desc` turns all of it round.
 */
export interface DocumentOrder<Document = Record<string, unknown>> {
  /** Default: the id. */
  readonly field?: FieldOf<Document> | undefined;
  /** Default `asc`. */
  readonly direction?: 'asc' | 'desc' | undefined;
}

/** Which documents to find. */
export interface DocumentQuery<Document = Record<string, unknown>> {
  readonly where?: DocumentFilter<Document> | undefined;
  /** Default: by id, ascending. Ties are broken by id, in the same direction. */
  readonly orderBy?: DocumentOrder<Document> | undefined;
  /** 1 to 10,000; default 100. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly after?: string | undefined;
}

/** What a query gives at once. */
export interface FoundDocuments {
  readonly documents: readonly StoredDocument[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/** Statements in the transaction of a batch; only SQL stores have it. */
export interface SqlSession {
  /** The full name of a projection's own table. */
  table(projection: ProjectionId, name: string): string;
  /** Runs a statement with `$1`, `$2` … and returns its rows as objects. */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

/** How far a shard is. */
export interface Checkpoint {
  /** Everything up to here is handled or parked. */
  readonly position: number;
  readonly epoch: number;
  /** Changes whenever events of the shard are parked, retried or discarded; 0 if they never were. */
  readonly parkedRevision: number;
}

/** How a checkpoint moves. */
export interface CheckpointMove {
  readonly from: number;
  readonly to: number;
  /** Events handled in a second, lately; for operators. */
  readonly eventsPerSecond: number;
}

/** How to compare two builds. */
export interface ComparisonOptions {
  readonly tables: ProjectionTables;
  /** How many rows of each table to look at; undefined for all. */
  readonly sample: number | undefined;
  /**
   * The position that both builds have reached, if rows move on meanwhile: then a document is compared where it is at
   * the same position in both, and of other tables the rows are only counted.
   */
  readonly through?: number | undefined;
}

/** How the rows of two builds compare. */
export interface Comparison {
  readonly tables: Readonly<Record<string, TableComparison>>;
  /** Whether no difference was found. */
  readonly isSame: boolean;
}

/** How one table compares. */
export interface TableComparison {
  readonly liveRows: number;
  readonly builtRows: number;
  /** Rows that were looked at. */
  readonly compared: number;
  /** Rows that differ, or that only one of the builds has. */
  readonly different: number;
  /** Up to ten of the different rows: the id of a document, or the row as JSON. */
  readonly examples: readonly string[];
}

/** An inline projection that an append is about to write to. */
export interface InlineEntry {
  readonly name: string;
  /** The ids of all documents that it may change; undefined if nobody can tell before the events are handled. */
  readonly documents: readonly string[] | undefined;
}

/** An event that is about to be appended. */
export type EventToAppend = Pick<Recorded, 'type' | 'aggregateId'>;

/** What a projector may do while it handles a batch; it commits with the checkpoint, or not at all. */
export interface ReadModelTransaction {
  /** The documents with these ids; inside an append nobody else changes them until it ends. */
  loadDocuments(projection: ProjectionId, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  saveDocuments(projection: ProjectionId, changes: readonly DocumentChange[]): Promise<void>;
  /** Undefined where the store has no SQL. */
  readonly sql: SqlSession | undefined;
  /** The checkpoint as the transaction sees it, kept from changing until it ends; undefined if there is none. */
  lockCheckpoint(shard: ShardId): Promise<Checkpoint | undefined>;
  /**
   * Moves the checkpoint.
   *
   * @throws {CheckpointMoved} it is not at `from`, or the epoch has ended: somebody else was here
   */
  moveCheckpoint(shard: ClaimedShard, move: CheckpointMove): Promise<void>;
  /**
   * The builds of inline projections that this append has to write to; they stay that until the transaction ends.
   *
   * Until then no other append enters to write the same documents, or the same projection where documents are unknown:
   * it would take its positions before this one or after it, but might write in the other order.
   *
   * @returns none for those that runners write to
   */
  enterInline(entries: readonly InlineEntry[]): Promise<readonly ProjectionId[]>;
  /** Keeps appends from writing to an inline projection until the transaction ends. */
  lockInline(name: string): Promise<void>;
  /** The position of the last event that the transaction sees. */
  lastPosition(): Promise<number>;
  /** A position at or below which nothing can appear any more. */
  settledPosition(): Promise<number>;
  /** A part of the feed as the transaction sees it. */
  readEvents(afterPosition: number, types: readonly string[], limit: number): Promise<readonly Recorded[]>;
  /** Runs `work` so that its failure takes back what it wrote, and nothing else. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  readonly parked: ParkedEvents;
  readonly states: ProjectionStates;
  /** Compares the rows of two builds. */
  compare(live: ProjectionId, built: ProjectionId, how: ComparisonOptions): Promise<Comparison>;
}

/** Keeps read models and checkpoints, beside the events. */
export interface ReadModelStore {
  /** Whether projectors may use SQL. */
  readonly hasSql: boolean;

  /**
   * Says that a node is alive for a while; what it owns stays its own as long.
   *
   * @returns what the cluster looks like
   */
  beat(node: NodeState, leaseMs: number): Promise<ProjectionsView>;

  /** Takes a node out, with all that it owns. */
  leave(node: string): Promise<void>;

  readStates(): Promise<ProjectionsView>;

  /**
   * Makes a node the runner of shards that no other node runs, and that nobody has claimed or changed since it looked.
   *
   * @param shards - in the epochs in which it has seen them
   * @returns those that it got, each in a new epoch
   */
  claim(node: string, shards: readonly ClaimedShard[]): Promise<readonly ClaimedShard[]>;

  /** Lets other nodes run shards at once. */
  release(node: string, shards: readonly ShardId[]): Promise<void>;

  /** Notes how the runner of a shard is doing, for operators. */
  noteCondition(shard: ClaimedShard, condition: ShardCondition, error: string | undefined): Promise<void>;

  /** Calls `listener` after this process has changed builds or who runs them. A hint. Returns its end. */
  onStatesChanged(listener: () => void): () => void;

  /**
   * The position up to which all shards of a build have handled everything; 0 if there is none, Infinity while appends
   * write it.
   */
  readCheckpoint(projection: ProjectionId): Promise<number>;

  /** Makes `owner` the only one to do something for a while, or prolongs that; false if somebody else is at it. */
  takeLease(name: string, owner: string, leaseMs: number): Promise<boolean>;

  endLease(name: string, owner: string): Promise<void>;

  /** What was done under a name (see `Operation`), or to all projections and consumers; the latest first. */
  listOperations(name: string | undefined, limit: number): Promise<readonly RecordedOperation[]>;

  /**
   * Moves a checkpoint where there was nothing to handle.
   *
   * @throws {CheckpointMoved} it is not at `from`, or the epoch has ended
   */
  moveCheckpoint(shard: ClaimedShard, move: CheckpointMove): Promise<void>;

  /** Runs `work` in one transaction. */
  transaction<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T>;

  /** Runs `work`, which changes builds, in one transaction, and tells those who listen to `onStatesChanged`. */
  changeStates<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T>;

  /** The documents with these ids that exist. */
  getDocuments(projection: ProjectionId, ids: readonly string[]): Promise<readonly StoredDocument[]>;

  findDocuments(projection: ProjectionId, query: DocumentQuery): Promise<FoundDocuments>;

  countDocuments(projection: ProjectionId, where?: DocumentQuery['where']): Promise<number>;

  /** The keys of a projection that have parked events, by the position of the first. */
  listParked(projection: ProjectionId): Promise<readonly ParkedKey[]>;

  /** Whether an error says that the store is busy or away, so that the same work may succeed later. */
  isTransient(error: unknown): boolean;

  /**
   * Calls `wake` when the checkpoint of a projection may have reached a position, moved by this process or another.
   *
   * Hints: they may be late or in vain. The store sees to it that none is missing for long. Returns the end of it.
   */
  expectCheckpoint(projection: ProjectionId, position: number, wake: () => void): () => void;
}

/** Projects what an append has stored; an error refuses the append. */
export type ProjectAppended = (events: readonly Recorded[]) => Promise<void>;

/** Projections that run inside the append's own transaction. */
export interface InlineProjections {
  /** Whether any of them handles one of these event types. */
  handles(type: string): boolean;
  /**
   * Begins to write within an append's transaction, before it takes positions: from here to the end of the
   * transaction nobody changes who writes to these projections.
   *
   * @param events - all events of the append
   * @returns undefined if there is nothing to project now
   */
  enter(
    events: readonly EventToAppend[],
    transaction: ReadModelTransaction,
  ): Promise<ProjectAppended | undefined>;
}
