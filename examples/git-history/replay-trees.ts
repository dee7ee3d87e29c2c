import type { EventStore } from 'annals';
import { fileEventTypes } from './file-events.ts';
import type { FileEventFields } from './file-events.ts';
import { importAdvancedType } from './import-progress.ts';
import type { ImportState } from './import-progress.ts';
import { Tree } from './tree.ts';

/** The files at one commit. */
export interface TreeAtCommit {
  /** The commit's place on the first-parent line, from 1. */
  readonly number: number;
  /** Valid until the next one is asked for, which changes it. */
  readonly tree: Tree;
}

interface HeldEvent {
  readonly type: string;
  readonly event: FileEventFields;
}

// Fewer round trips than with the default, and still only a few megabytes a page.
const batchSize = 5_000;

/**
 * The files at each of some commits, by one replay of the feed up to the last of them.
 *
 * In the feed the events of one path come in the order of their commits, but within a chunk those of a later
 * commit may come before those of an earlier one. So an event beyond the commit asked for is held back, and
 * the files at a commit are known at the end of its chunk.
 *
 * @param numbers - places on the first-parent line, ascending
 */
export async function* treesAt(store: EventStore, numbers: readonly number[]): AsyncIterable<TreeAtCommit> {
  const tree = new Tree();
  const wanted = [...numbers];
  let held: HeldEvent[] = [];
  for await (const { type, payload } of readHistory(store)) {
    if (type !== importAdvancedType) {
      const event = payload as FileEventFields;
      if (event.commitNumber <= wanted[0]!) tree.apply(type, event);
      else held.push({ type, event });
      continue;
    }
    const { commits } = payload as ImportState;
    while (wanted.length > 0 && wanted[0]! <= commits) {
      yield { number: wanted.shift()!, tree };
      held = applyThrough(tree, held, wanted[0] ?? 0);
    }
    if (wanted.length === 0) return;
  }
}

/** The files at one commit, by replay of the feed. */
export async function treeAt(store: EventStore, number: number): Promise<Tree> {
  for await (const { tree } of treesAt(store, [number])) return tree;
  return new Tree();
}

function readHistory(store: EventStore): ReturnType<EventStore['readFeed']> {
  return store.readFeed({ types: [...fileEventTypes, importAdvancedType], batchSize });
}

/* Applies what belongs to commits up to `number`; returns what is still held back. */
function applyThrough(tree: Tree, held: readonly HeldEvent[], number: number): HeldEvent[] {
  return held.filter(({ type, event }) => {
    if (event.commitNumber > number) return true;
    tree.apply(type, event);
    return false;
  });
}
