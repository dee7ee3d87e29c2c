import { fileDeletedType } from './file-events.ts';
import type { FileEventFields } from './file-events.ts';
import { decodePath } from './path-encoding.ts';

/** What a path holds. */
export interface TreeEntry {
  readonly mode: string;
  readonly blob: string;
}

// Encoded paths of these characters are their own bytes; most paths are, and need no decoding.
const plainPath = /^[ -$&-~]*$/;

/**
 * The files that exist, as file events make them.
 *
 * Keys are paths as binary strings, a character a byte: they compare as bytes, which is git's order.
 */
export class Tree {
  readonly #entries = new Map<string, TreeEntry>();

  get entries(): ReadonlyMap<string, TreeEntry> {
    return this.#entries;
  }

  /** Applies one event; events of one path must come in order. */
  apply(type: string, { path, mode, blob }: FileEventFields): void {
    const key = plainPath.test(path) ? path : decodePath(path).toString('latin1');
    if (type === fileDeletedType) this.#entries.delete(key);
    else this.#entries.set(key, { mode, blob });
  }

  /** Path and entry of all files, sorted by the bytes of their paths. */
  sorted(): readonly (readonly [string, TreeEntry])[] {
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
