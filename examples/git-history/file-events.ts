import { Event, eventTypeOf } from 'annals';

/** What every event of a file says. */
export interface FileEventFields {
  /** As `encodePath` writes it. */
  readonly path: string;
  /** Of git, e.g. `100644`, `120000` (symbolic link) or `160000` (commit of a submodule). */
  readonly mode: string;
  readonly blob: string;
  readonly commit: string;
  /** The commit's place on the first-parent line, from 1. */
  readonly commitNumber: number;
  readonly author: string;
  /** When it was committed; ISO 8601 in UTC. */
  readonly time: string;
}

abstract class FileEvent implements FileEventFields {
  readonly path: string;
  readonly mode: string;
  readonly blob: string;
  readonly commit: string;
  readonly commitNumber: number;
  readonly author: string;
  readonly time: string;

  constructor(fields: FileEventFields) {
    this.path = fields.path;
    this.mode = fields.mode;
    this.blob = fields.blob;
    this.commit = fields.commit;
    this.commitNumber = fields.commitNumber;
    this.author = fields.author;
    this.time = fields.time;
  }
}

/** A path came into being. */
@Event('file.added')
export class FileAdded extends FileEvent {}

/** A path got another blob or mode; a file that becomes a symbolic link is one too. */
@Event('file.modified')
export class FileModified extends FileEvent {}

/** A path went; mode and blob are the last it had. */
@Event('file.deleted')
export class FileDeleted extends FileEvent {}

/** The event classes of a file. */
export const fileEvents = [FileAdded, FileModified, FileDeleted] as const;

/** The event types of a file. */
export const fileEventTypes: readonly string[] = fileEvents.map(event => eventTypeOf(event)!.name);

/** The type that ends a file. */
export const fileDeletedType = eventTypeOf(FileDeleted)!.name;
