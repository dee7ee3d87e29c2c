/** A part of an aggregate that keeps its identity while its values change. */
export abstract class Entity<Id extends string | number = string> {
  readonly id: Id;

  constructor(id: Id) {
    this.id = id;
  }

  /** Whether `other` is the same entity: same class, same id. */
  equals(other: unknown): boolean {
    return other instanceof Entity && other.constructor === this.constructor && other.id === this.id;
  }
}
