import { Aggregate, AggregateRoot, Event, On, eventTypeOf } from 'annals';

/** What is recorded of a commit. */
export interface CommitFields {
  readonly commit: string;
  /** Its place on the first-parent line, from 1. */
  readonly commitNumber: number;
  readonly parents: readonly string[];
  readonly author: string;
  readonly authoredAt: string;
  /** When it was committed; ISO 8601 in UTC. */
  readonly time: string;
  readonly subject: string;
  /** How many file events it has. */
  readonly files: number;
}

/** A commit is imported: all its file events are stored. */
@Event('commit.recorded')
export class CommitRecorded implements CommitFields {
  readonly commit: string;
  readonly commitNumber: number;
  readonly parents: readonly string[];
  readonly author: string;
  readonly authoredAt: string;
  readonly time: string;
  readonly subject: string;
  readonly files: number;

  constructor(fields: CommitFields) {
    this.commit = fields.commit;
    this.commitNumber = fields.commitNumber;
    this.parents = fields.parents;
    this.author = fields.author;
    this.authoredAt = fields.authoredAt;
    this.time = fields.time;
    this.subject = fields.subject;
    this.files = fields.files;
  }
}

/** One commit, under its hash. */
@Aggregate('commit')
export class RecordedCommit extends AggregateRoot<CommitRecorded> {
  #number = 0;

  /** Its place on the first-parent line, from 1. */
  get number(): number {
    return this.#number;
  }

  @On(CommitRecorded) protected recorded({ commitNumber }: CommitRecorded): void {
    this.#number = commitNumber;
  }
}

/** The event type of a commit. */
export const commitRecordedType = eventTypeOf(CommitRecorded)!.name;
