import type { AggregateRoot } from '../../domain/index.ts';

/** Turns the state of aggregates into what a snapshot keeps, and back. */
export interface SnapshotSerializer {
  /**
   * The state as JSON text.
   *
   * @throws {UnserializableValue} a field holds what would not come back as what it is
   */
  serialize(aggregate: AggregateRoot): string;

  /**
   * Gives an aggregate without events the state, as if its events had been applied.
   *
   * @throws whatever shows that the state does not fit; the aggregate is of no use then
   */
  restore(aggregate: AggregateRoot, state: string): void;
}
