import type { Tree, TreeEntry } from './tree.ts';
import { encodePath } from './path-encoding.ts';

/** A path of which the store and git say different things; undefined: it does not exist. */
export interface Difference {
  /** As `encodePath` writes it. */
  readonly path: string;
  readonly inStore: TreeEntry | undefined;
  readonly inGit: TreeEntry | undefined;
}

/** What differs between a replayed tree and what `git ls-tree -r -z` printed of it, path byte for path byte. */
export function compareTree(tree: Tree, listing: Buffer): readonly Difference[] {
  const differences: Difference[] = [];
  const seen = new Set<string>();
  for (const [path, inGit] of readListing(listing)) {
    seen.add(path);
    const inStore = tree.entries.get(path);
    const isSame = inStore?.mode === inGit.mode && inStore.blob === inGit.blob;
    if (!isSame) differences.push(newDifference(path, inStore, inGit));
  }
  for (const [path, inStore] of tree.entries) {
    if (!seen.has(path)) differences.push(newDifference(path, inStore, undefined));
  }
  return differences;
}

/* `MODE TYPE HASH\tPATH\0`, the path as a binary string. */
function* readListing(listing: Buffer): Iterable<readonly [string, TreeEntry]> {
  for (let from = 0; from < listing.length;) {
    const tab = listing.indexOf(0x09, from);
    const end = listing.indexOf(0x00, tab);
    const [mode, , blob] = listing.toString('latin1', from, tab).split(' ');
    yield [listing.toString('latin1', tab + 1, end), { mode: mode!, blob: blob! }];
    from = end + 1;
  }
}

function newDifference(
  path: string,
  inStore: TreeEntry | undefined,
  inGit: TreeEntry | undefined,
): Difference {
  return { path: encodePath(Buffer.from(path, 'latin1')), inStore, inGit };
}
