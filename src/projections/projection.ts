import type { Class, Recorded } from '../domain/index.ts';
import type { ProjectionId } from '../application/ports/projection-states.ts';
import type { ProjectionTables, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { FailurePolicy } from './failure-policy.ts';
import type { ProjectionMode } from './projector.ts';
import type { OnNewVersion } from './projector.ts';

/** A projector at one version, ready to run. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  /** Shards that a new build gets. */
  readonly shards: number;
  /** What to do when another version is live. */
  readonly onNewVersion: OnNewVersion;
  /** The projector class; undefined for functions that were registered by hand. */
  readonly projectorClass: Class | undefined;
  /** What it writes to. */
  readonly tables: ProjectionTables;
  /** The event types it handles; it is fed no others. */
  readonly types: readonly string[];
  /** Events handled in one transaction. */
  readonly batchSize: number;
  /** Whether an event changes the document under its aggregate's id and nothing else; undefined if that is unknown. */
  readonly isKeyedByAggregate?: boolean;
  /** What becomes of events that fail. */
  readonly failure: FailurePolicy;
  /**
   * The keys that an event concerns. Events of one key keep their order, also when one of them fails.
   *
   * It throws where the event does not tell, for instance because its payload cannot be read.
   */
  keysOf(event: Recorded): readonly string[];
  /**
   * Reacts to events in order, before the transaction: a reaction may wait, and may append itself.
   */
  react?(events: readonly Recorded[]): Promise<void>;
  /**
   * Handles events in order, within the transaction that also moves the checkpoint.
   *
   * @param target - the build to write to
   * @param isWanted - for which keys to handle an event; default: for all
   */
  project(
    events: readonly Recorded[],
    transaction: ReadModelTransaction,
    target: ProjectionId,
    isWanted?: WantedKeys,
  ): Promise<void>;
}

/** Says whether an event is to be handled for one of its keys. */
export type WantedKeys = (event: Recorded, key: string) => boolean;

/**
 * Events of a read model in one transaction: enough to share its costs, few enough to undo and repeat.
 *
 * 3,000 take a third less of PostgreSQL an event than 1,000; with 10,000 Node has to move more memory about.
 */
export const readModelBatchSize = 3_000;
