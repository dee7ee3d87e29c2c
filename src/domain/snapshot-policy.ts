import { AnnalsError } from './annals-error.ts';
import type { Class } from './class.ts';

/** What a policy is told after events of an aggregate were stored. */
export interface SnapshotFacts {
  /** The version of the stream, with these events. */
  readonly version: number;
  /** The events that were just stored, in order. */
  readonly events: readonly object[];
  /** The last snapshot that this process has seen of the aggregate; undefined if it has seen none. */
  readonly last: LastSnapshot | undefined;
  readonly now: Date;
}

/** Which state of an aggregate was kept last. */
export interface LastSnapshot {
  readonly version: number;
  readonly takenAt: Date;
}

/**
 * Says whether a snapshot is due. Asked once a command, for each aggregate that it stored events of.
 *
 * A policy decides on speed alone: no answer of it changes what an aggregate comes back as.
 */
export type SnapshotPolicy = (facts: SnapshotFacts) => boolean;

/** How an aggregate is kept as snapshots. */
export interface SnapshotOptions {
  /**
   * The version of the state's shape, from 1. Change it with the fields, or with what `@On` methods make of events:
   * snapshots of another version are left alone, so that old and new code may run side by side.
   */
  readonly version: number;
  /** Default: `everyEvents(100)`. */
  readonly when?: SnapshotPolicy;
}

// A load of a hundred events takes about twice as long as one from a snapshot; below that it saves less than its
// write costs.
const defaultEvents = 100;

/** Whenever the version passes a multiple of `count`; needs to know nothing of earlier snapshots. */
export function everyEvents(count: number): SnapshotPolicy {
  requireWhole('everyEvents', count);
  return ({ version, events }) => Math.floor(version / count) > Math.floor((version - events.length) / count);
}

/**
 * When the last snapshot is so old; where none was seen, at once.
 *
 * Combine it with `allOf(everyMs(...), everyEvents(...))` to keep short histories without one.
 */
export function everyMs(ms: number): SnapshotPolicy {
  requireWhole('everyMs', ms);
  return ({ last, now }) => last === undefined || now.getTime() - last.takenAt.getTime() >= ms;
}

/** When an event of one of these classes was stored, e.g. the one that closes the books. */
export function afterEvent(...eventClasses: readonly Class[]): SnapshotPolicy {
  return ({ events }) => events.some(event => eventClasses.some(eventClass => event instanceof eventClass));
}

/** When one of the policies says so. */
export function anyOf(...policies: readonly SnapshotPolicy[]): SnapshotPolicy {
  return facts => policies.some(policy => policy(facts));
}

/** When all of the policies say so. */
export function allOf(...policies: readonly SnapshotPolicy[]): SnapshotPolicy {
  return facts => policies.every(policy => policy(facts));
}

/** The policy of an aggregate that names none. */
export const defaultSnapshotPolicy = everyEvents(defaultEvents);

function requireWhole(policy: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidSnapshotPolicy(policy, value);
}

/** A snapshot policy was given a number that makes no sense. */
export class InvalidSnapshotPolicy extends AnnalsError {
  readonly code = 'invalid-snapshot-policy';
  readonly policy: string;
  readonly value: unknown;

  constructor(policy: string, value: unknown) {
    super(`${policy}(${String(value)}) makes no sense. Give a whole number from 1.`);
    this.policy = policy;
    this.value = value;
  }
}
