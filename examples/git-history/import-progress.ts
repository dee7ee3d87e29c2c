import { Aggregate, AggregateRoot, Event, On, eventTypeOf } from 'annals';

/** A commit of which only the first file events are stored. */
export interface UnfinishedCommit {
  readonly commit: string;
  readonly fileEvents: number;
}

/** How far an import is. */
export interface ImportState {
  /** The last commit that is stored whole; null before the first. */
  readonly lastCommit: string | null;
  /** Commits stored whole. */
  readonly commits: number;
  /** File events stored, those of an unfinished commit included. */
  readonly fileEvents: number;
  /** The commit after `lastCommit`, if it was too large for one append and a part of it is stored. */
  readonly unfinished: UnfinishedCommit | null;
}

/** A chunk of the history was stored; this event is the last of the chunk's append. */
@Event('import.advanced')
export class ImportAdvanced implements ImportState {
  readonly lastCommit: string | null;
  readonly commits: number;
  readonly fileEvents: number;
  readonly unfinished: UnfinishedCommit | null;

  constructor(state: ImportState) {
    this.lastCommit = state.lastCommit;
    this.commits = state.commits;
    this.fileEvents = state.fileEvents;
    this.unfinished = state.unfinished;
  }
}

/** The import of the one history that a store holds. */
@Aggregate('import')
export class ImportProgress extends AggregateRoot<ImportAdvanced> {
  #state: ImportState = { lastCommit: null, commits: 0, fileEvents: 0, unfinished: null };

  get state(): ImportState {
    return this.#state;
  }

  @On(ImportAdvanced) protected advanced(event: ImportAdvanced): void {
    this.#state = event;
  }
}

/** The id of the only import of a store. */
export const importId = 'history';

/** The event type that ends a chunk. */
export const importAdvancedType = eventTypeOf(ImportAdvanced)!.name;
