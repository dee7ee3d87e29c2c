import type { StreamId } from '../../domain/index.ts';

/** The state of an aggregate after one of its events. */
export interface Snapshot {
  readonly stream: StreamId;
  /** The version of the state's shape; each has its own snapshot of a stream, so that old and new code may run at once. */
  readonly snapshotVersion: number;
  /** The version of the stream that the state was folded from. */
  readonly version: number;
  /** The id of the event at that version, by which a snapshot of another history is told. */
  readonly eventId: string;
  /** JSON text. */
  readonly state: string;
  /** Tells whether what is above is as it was saved. Stores keep it and do not look at it. */
  readonly checksum: string;
  /** To the millisecond. */
  readonly takenAt: Date;
}

/**
 * Keeps the newest snapshot of each stream and snapshot version; every adapter passes `snapshotStoreContract`.
 *
 * It may lose any of them at any time: whoever finds none folds the events.
 */
export interface SnapshotStore {
  /** The snapshot as it was saved, its state to the letter. @param atMost - undefined if it is beyond this version */
  find(stream: StreamId, snapshotVersion: number, atMost?: number): Promise<Snapshot | undefined>;
  /** Saves a snapshot of a stream that has events, unless a newer one is there; one of the same version makes room. */
  save(snapshot: Snapshot): Promise<void>;
  /** Removes a snapshot that is of no use, unless another one has taken its place. */
  remove(snapshot: Pick<Snapshot, 'stream' | 'snapshotVersion' | 'eventId'>): Promise<void>;
}
