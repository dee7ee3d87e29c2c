import type { App } from 'annals/di';
import { chooseSamples } from './choose-samples.ts';
import { compareTree } from './compare-tree.ts';
import type { Difference } from './compare-tree.ts';
import { firstParentLine, runGit } from './git.ts';
import type { ImportState } from './import-progress.ts';
import { treesAt } from './replay-trees.ts';
import { verifyCounts } from './verify-counts.ts';

/** What to compare with what. */
export interface VerifyOptions {
  readonly repository: string;
  /** How far the import is. */
  readonly state: ImportState;
  /** How many commits to compare. */
  readonly samples: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each commit. */
  readonly onCompared?: ((compared: number, samples: number) => void) | undefined;
}

/** What differs at one commit. */
export interface CommitDifference extends Difference {
  readonly commit: string;
}

/** What a verification found. */
export interface Verification {
  readonly samples: number;
  /** Files compared, all samples together. */
  readonly entries: number;
  readonly differences: readonly CommitDifference[];
  /** What is wrong with the recorded commits and counts. */
  readonly problems: readonly string[];
}

/** Compares what the events say of a repository with what git says. @throws {GitFailed} git has no answer */
export async function verifyHistory(app: App, options: VerifyOptions): Promise<Verification> {
  const { repository, state, samples, seed, signal, onCompared } = options;
  const line = await firstParentLine(repository, state.lastCommit!);
  const problems = await verifyCounts(app.events, state, line);
  const chosen = chooseSamples(Math.min(state.commits, line.length), samples, seed);
  const hashes = chosen.map(number => line[number - 1]!);
  const listings = prefetched(hashes, hash => listTree(repository, hash));
  const differences: CommitDifference[] = [];
  let [compared, entries] = [0, 0];
  for await (const { tree } of treesAt(app.events, chosen)) {
    signal?.throwIfAborted();
    const commit = hashes[compared]!;
    const listing = await listings.next();
    const found = compareTree(tree, listing.value as Buffer);
    differences.push(...found.map(difference => ({ ...difference, commit })));
    entries += tree.entries.size;
    compared++;
    onCompared?.(compared, chosen.length);
  }
  const missed = chosen.length - compared;
  const gap = missed === 0 ? [] : [`The replay ended ${missed} sampled commits too early.`];
  return { samples: chosen.length, entries, differences, problems: [...problems, ...gap] };
}

function listTree(repository: string, commit: string): Promise<Buffer> {
  return runGit(repository, ['ls-tree', '-r', '-z', '--full-tree', commit]);
}

/* Loads the next item while the one before is in use. */
async function* prefetched<Item, Loaded>(
  items: readonly Item[],
  load: (item: Item) => Promise<Loaded>,
): AsyncGenerator<Loaded> {
  let next: Promise<Loaded> | undefined;
  for (const [index, item] of items.entries()) {
    const current = next ?? load(item);
    const following = items[index + 1];
    next = following === undefined ? undefined : load(following);
    // It may fail before anybody waits for it.
    next?.catch(() => undefined);
    yield await current;
  }
}
