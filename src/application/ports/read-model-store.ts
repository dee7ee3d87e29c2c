import type { Recorded } from '../../domain/index.ts';
import type { ParkedCount, ParkedEvents, ParkedKey } from './parked-events.ts';

/** Names one projection at one version. */
export interface ProjectionId {
  readonly name: string;
  readonly version: number;
}

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
      readonly in?: readonly (string | number)[];
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

/** Which documents to find. */
export interface DocumentQuery<Document = Record<string, unknown>> {
  readonly where?: DocumentFilter<Document> | undefined;
  /** Default: by id, ascending. Ties are broken by id. */
  readonly orderBy?: { readonly field: FieldOf<Document>; readonly direction?: 'asc' | 'desc' } | undefined;
  /** 1 to 10,000; default 100. */
  readonly limit?: number | undefined;
  /** How many to pass over; default 0. */
  readonly offset?: number | undefined;
}

/** Statements in the transaction of a batch; only SQL stores have it. */
export interface SqlSession {
  /** The full name of a projection's own table. */
  table(projection: ProjectionId, name: string): string;
  /** Runs a statement with `$1`, `$2` … and returns its rows as objects. */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}

/** How far a projection is. */
export interface Checkpoint {
  /** Everything up to here is handled or parked. */
  readonly position: number;
  /** Changes whenever events of the projection are parked, retried or discarded; 0 if they never were. */
  readonly parkedRevision: number;
}

/** What a projector may do while it handles a batch; it commits with the checkpoint, or not at all. */
export interface ReadModelTransaction {
  /** The documents with these ids; inside an append nobody else changes them until it ends. */
  loadDocuments(projection: ProjectionId, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  saveDocuments(projection: ProjectionId, changes: readonly DocumentChange[]): Promise<void>;
  /** Undefined where the store has no SQL. */
  readonly sql: SqlSession | undefined;
  /** The checkpoint as the transaction sees it, kept from changing until it ends. */
  lockCheckpoint(projection: ProjectionId): Promise<Checkpoint>;
  /**
   * Moves the checkpoint.
   *
   * @throws {CheckpointMoved} it is not at `from`: another runner was here
   */
  moveCheckpoint(projection: ProjectionId, from: number, to: number): Promise<void>;
  /** Until the transaction ends, keeps writers of an inline projection and its rebuild apart. */
  lockInline(projection: ProjectionId, as: 'writer' | 'rebuild'): Promise<void>;
  /** A part of the feed as the transaction sees it. */
  readEvents(afterPosition: number, types: readonly string[], limit: number): Promise<readonly Recorded[]>;
  /** Runs `work` so that its failure takes back what it wrote, and nothing else. */
  attempt<T>(work: () => Promise<T>): Promise<T>;
  readonly parked: ParkedEvents;
  /** Puts tables, checkpoint and parked events of `built` in the place of those of `live`. */
  replace(live: ProjectionId, built: ProjectionId, tables: ProjectionTables): Promise<void>;
}

/** Keeps read models and checkpoints, beside the events. */
export interface ReadModelStore {
  /** Whether projectors may use SQL. */
  readonly hasSql: boolean;

  /** Makes what a projection writes to, if it is missing, and a new checkpoint at `startAt`. */
  prepare(projection: ProjectionId, tables: ProjectionTables, startAt: number): Promise<void>;

  /** Removes tables, checkpoint and parked events of a projection. */
  drop(projection: ProjectionId, tables: ProjectionTables): Promise<void>;

  /** The position up to which the projection has handled everything. */
  readCheckpoint(projection: ProjectionId): Promise<number>;

  /**
   * Makes `owner` the one who runs a projection for a while, or prolongs that.
   *
   * @returns the checkpoint; undefined if somebody else is the runner
   */
  claim(projection: ProjectionId, owner: string, leaseMs: number): Promise<Checkpoint | undefined>;

  /** Lets others run the projection at once. */
  release(projection: ProjectionId, owner: string): Promise<void>;

  /** Runs `work` in one transaction. */
  transaction<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T>;

  /** The documents with these ids that exist. */
  getDocuments(projection: ProjectionId, ids: readonly string[]): Promise<readonly StoredDocument[]>;

  findDocuments(projection: ProjectionId, query: DocumentQuery): Promise<readonly StoredDocument[]>;

  countDocuments(projection: ProjectionId, where?: DocumentQuery['where']): Promise<number>;

  /** The keys of a projection that have parked events, by the position of the first. */
  listParked(projection: ProjectionId): Promise<readonly ParkedKey[]>;

  /** How much is parked, of each projection that has parked events. */
  countParked(): Promise<readonly ParkedCount[]>;

  /** Whether an error says that the store is busy or away, so that the same work may succeed later. */
  isTransient(error: unknown): boolean;

  /** Calls `listener` after a checkpoint was moved by this process. A hint. Returns its end. */
  onCheckpoint(listener: () => void): () => void;
}

/** Projections that run inside the append's own transaction. */
export interface InlineProjections {
  /** Whether any of them handles one of these event types. */
  handles(type: string): boolean;
  /** Projects what an append is about to commit; an error refuses the append. */
  project(events: readonly Recorded[], transaction: ReadModelTransaction): Promise<void>;
}
