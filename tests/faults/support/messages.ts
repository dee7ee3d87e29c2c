import type { Reading } from './verdict.ts';

/** How a writer writes: through the store, or in a transaction of its own that calls the same function. */
export type WriterKind = 'store' | 'transaction';

/** How a reader reads. */
export type ReaderKind = 'pages' | 'feed' | 'subscription';

/** Where and what a process writes. */
export interface WritePlan {
  readonly url: string;
  readonly schema: string;
  readonly seed: number;
  readonly kind: WriterKind;
  readonly writers: number;
  readonly streams: number;
  /** The longest pause inside a transaction. */
  readonly maxThinkMs: number;
  readonly ledgerFile: string;
}

/** What a process reads. */
export interface ReadPlan {
  readonly url: string;
  readonly schema: string;
  readonly seed: number;
  readonly readers: readonly { readonly name: string; readonly kind: ReaderKind }[];
  /** Readers begin one after the other within this time. */
  readonly startWithinMs: number;
}

/** What the runner tells a process. */
export type Order =
  | { readonly do: 'write'; readonly plan: WritePlan }
  | { readonly do: 'read'; readonly plan: ReadPlan }
  | { readonly do: 'race'; readonly race: RacePlan }
  /** Writers end their transaction and stop. */
  | { readonly do: 'stop' }
  /** Readers go on to this position, which is the last one, and stop. */
  | { readonly do: 'read up to'; readonly position: number };

/** Appends that several processes send at the same moment, when the barrier opens. */
export interface RacePlan {
  readonly url: string;
  readonly schema: string;
  readonly racers: readonly Racer[];
}

/** One append of a race. */
export interface Racer {
  readonly name: string;
  readonly aggregateId: string;
  readonly expectedVersion: number | 'none' | 'any' | 'exists';
  readonly uniqueKey?: string;
  readonly commandId?: string;
}

/** What became of a racer. */
export interface Finish {
  readonly name: string;
  readonly version?: number;
  readonly eventIds?: readonly string[];
  /** Code and facts of the error. */
  readonly refused?: { readonly code: string; readonly actualVersion?: number; readonly key?: string };
}

/** What a process tells the runner. */
export type Answer =
  | { readonly said: 'ready' }
  | { readonly said: 'under way' }
  | { readonly said: 'written'; readonly problems: readonly string[] }
  | { readonly said: 'read'; readonly readings: readonly Reading[]; readonly problems: readonly string[] }
  | { readonly said: 'raced'; readonly finishes: readonly Finish[] };
