import type { ProjectionId } from './projection-states.ts';

/** What a store finds when it asks its database. */
export interface StoreState {
  /** False on a standby, and wherever else nothing can be appended. */
  readonly isWritable: boolean;
  /** Migrations of this release that the schema has not seen. */
  readonly missingMigrations: readonly string[];
  /** Whether a newer release has changed the schema. */
  readonly isNewer: boolean;
}

/** What a store is doing in this process; counted as it goes, so that looking costs nothing. */
export interface StoreActivity {
  /** Appends that are not sent yet. */
  readonly appendsWaiting: number;
  /** Calls of appends that are sent and not answered. */
  readonly callsInFlight: number;
  /** For how long appends have waited or been under way with none answered; 0 if there are none. */
  readonly appendsStillMs: number;
  /** Readers of the feed and of streams that are open. */
  readonly subscriptions: number;
  /** How often the readers were woken: by commits of this process, by others' signals, and by nobody. */
  readonly wakeUps: { readonly commit: number; readonly notify: number; readonly poll: number };
}

/** How far a checkpoint is behind the log. */
export interface Lag {
  readonly position: number;
  /** Positions between the checkpoint and the last event; some of them may be burned. */
  readonly events: number;
  /** How long the first event behind the checkpoint has been stored; 0 if there is none. */
  readonly lagMs: number;
  /** For how long the checkpoint has not moved although there was something to do; 0 if there is nothing. */
  readonly stillMs: number;
}

/** How far a shard is behind the log. */
export interface ShardLag extends Lag {
  readonly shard: number;
}

/** How far a projection is behind the log: as far as its slowest shard. */
export interface ProjectionLag extends ProjectionId, Lag {
  /** By their numbers. */
  readonly shards: readonly ShardLag[];
  /** Events that were appended to the log a second, over the last thousand. */
  readonly appendedPerSecond: number;
  readonly parked: { readonly keys: number; readonly events: number };
}

/** What a store can say of its own health. */
export interface StoreHealth {
  /** Asks the database. @throws {StoreUnavailable} it does not answer, or the store is closed */
  state(): Promise<StoreState>;
  activity(): StoreActivity;
  /** How far these projections are behind: one query for all of them. */
  lags(projections: readonly ProjectionId[]): Promise<readonly ProjectionLag[]>;
}
