import { Aggregate, AggregateRoot, On } from 'annals';
import { FileAdded, FileDeleted, FileModified } from './file-events.ts';

/** One path of the repository, through all its deaths and rebirths. */
@Aggregate('file')
export class TrackedFile extends AggregateRoot<FileAdded | FileModified | FileDeleted> {
  #content: { readonly mode: string; readonly blob: string } | undefined;

  /** Undefined while the path does not exist. */
  get content(): { readonly mode: string; readonly blob: string } | undefined {
    return this.#content;
  }

  @On(FileAdded) protected added({ mode, blob }: FileAdded): void {
    this.#content = { mode, blob };
  }

  @On(FileModified) protected modified({ mode, blob }: FileModified): void {
    this.#content = { mode, blob };
  }

  @On(FileDeleted) protected deleted(): void {
    this.#content = undefined;
  }
}
