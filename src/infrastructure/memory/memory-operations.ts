import type { Operation, RecordedOperation } from '../../application/ports/operation.ts';

/** What was done to projections and consumers in memory. */
export class MemoryOperations {
  readonly #operations: RecordedOperation[] = [];

  record(operation: Operation): void {
    this.#operations.unshift({ ...operation, at: new Date() });
  }

  /** What was done under a name, or at all; the latest first. */
  list(name: string | undefined, limit: number): readonly RecordedOperation[] {
    return this.#operations
      .filter(operation => name === undefined || operation.name === name)
      .slice(0, limit);
  }
}
