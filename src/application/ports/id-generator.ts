/** Makes identifiers that are unique across nodes and grow with time (uuid version 7). */
export interface IdGenerator {
  next(): string;
}
