import type { ProjectionId, ShardId } from './projection-states.ts';

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
  /** The shard that handles it; an event that nobody can read waits in every shard. */
  readonly shard: number;
  readonly key: string;
  /** The event that failed; the others wait behind it. */
  readonly position: number;
  readonly error: string;
  readonly attempts: number;
  readonly parkedAt: Date;
  /** Events that wait under this key, the failed one included. */
  readonly count: number;
}

/**
 * The parked events of a shard, in a transaction that has locked its checkpoint.
 *
 * Every change raises the checkpoint's `parkedRevision`, so that runners know when to read the keys again.
 */
export interface ParkedEvents {
  /** The keys that have parked events, each with their number. */
  countByKey(shard: ShardId): Promise<ReadonlyMap<string, number>>;
  /** The first in the queue of a key; undefined if the queue is empty. */
  first(shard: ShardId, key: string): Promise<FirstParked | undefined>;
  /** Adds events to the queues of their keys. */
  park(shard: ShardId, events: readonly EventToPark[]): Promise<void>;
  /** Takes an event out of the queue, because it is handled. */
  remove(shard: ShardId, key: string, position: number): Promise<void>;
  /** Notes that an event failed once more. */
  noteFailure(shard: ShardId, key: string, position: number, error: string): Promise<void>;
  /** Gives up the parked events of a key up to a position, and records that; returns how many there were. */
  discard(shard: ShardId, key: string, throughPosition: number, reason: DiscardReason): Promise<number>;
  /** Records that an event is given up before it was parked, so that a projection that stops at it may pass. */
  giveUp(projection: ProjectionId, event: EventToPark, reason: DiscardReason): Promise<void>;
  /**
   * Which of the events at these positions somebody gave up in this build or in the live one, as `placeOf` writes event
   * and key.
   */
  givenUp(projection: ProjectionId, positions: readonly number[]): Promise<ReadonlySet<string>>;
  /** Records of a build what was given up in the live one; what was given up in both is not recorded twice. */
  inherit(projection: ProjectionId, events: readonly Place[]): Promise<void>;
}

/** An event and one of its keys. */
export type Place = Pick<EventToPark, 'position' | 'key'>;

/** One text for an event and one of its keys. */
export function placeOf({ position, key }: Place): string {
  return `${position} ${key}`;
}
