import type { ProjectionId } from './read-model-store.ts';

/** An event that is to wait under a key. */
export interface EventToPark {
  readonly key: string;
  readonly position: number;
  /** Whether it waits for all of its keys, because nobody could tell which they are. */
  readonly isWhole: boolean;
  /** Why it failed; null for an event that only waits behind one that did. */
  readonly error: string | null;
  /** How often it was tried. */
  readonly attempts: number;
}

/** The event that is first in the queue of its key. */
export interface FirstParked {
  readonly position: number;
  readonly isWhole: boolean;
}

/** Why parked events are given up. */
export interface DiscardReason {
  readonly reason: string;
  /** Who decided it; null if nobody said. */
  readonly by: string | null;
}

/** A key whose events wait, as operators see it. */
export interface ParkedKey {
  readonly key: string;
  /** The event that failed; the others wait behind it. */
  readonly position: number;
  readonly error: string;
  readonly attempts: number;
  readonly parkedAt: Date;
  /** Events that wait under this key, the failed one included. */
  readonly count: number;
}

/** How much of a projection is parked. */
export interface ParkedCount extends ProjectionId {
  readonly keys: number;
  readonly events: number;
}

/**
 * The parked events of projections, in a transaction that has locked the checkpoint.
 *
 * Every change raises the checkpoint's `parkedRevision`, so that runners know when to read the keys again.
 */
export interface ParkedEvents {
  /** The keys that have parked events, each with their number. */
  countByKey(projection: ProjectionId): Promise<ReadonlyMap<string, number>>;
  /** The first in the queue of a key; undefined if the queue is empty. */
  first(projection: ProjectionId, key: string): Promise<FirstParked | undefined>;
  /** Adds events to the queues of their keys. */
  park(projection: ProjectionId, events: readonly EventToPark[]): Promise<void>;
  /** Takes an event out of the queue, because it is handled. */
  remove(projection: ProjectionId, key: string, position: number): Promise<void>;
  /** Notes that an event failed once more. */
  noteFailure(projection: ProjectionId, key: string, position: number, error: string): Promise<void>;
  /** Gives up all parked events of a key, and records that; returns how many there were. */
  discard(projection: ProjectionId, key: string, reason: DiscardReason): Promise<number>;
}
