import { HistoryDiverged } from './errors.ts';
import type { GitCommit, PathChange } from './git-commit.ts';
import type { ImportState } from './import-progress.ts';

/** What of a commit goes into one append: all of it, unless the commit is too large. */
export interface CommitPart {
  readonly commit: GitCommit;
  /** The commit's place on the first-parent line, from 1. */
  readonly number: number;
  readonly changes: readonly PathChange[];
  /** How many of the commit's changes lie before and in this part. */
  readonly changesThrough: number;
  /** Whether the commit is whole with this part. */
  readonly isLast: boolean;
}

/** Where the commits come from, for messages. */
export interface HistorySource {
  readonly repository: string;
  readonly branch: string;
}

/**
 * Numbers commits, goes on where an import stopped, and cuts commits that are too large for one append.
 *
 * Each commit must have the one before as its first parent: only then is its difference from its first
 * parent the step from one stored tree to the next.
 *
 * @param state - how far the import is
 * @param limit - the most changes that one part has
 * @throws {HistoryDiverged} the first commit does not continue the stored history
 */
export async function* partsOf(
  commits: AsyncIterable<GitCommit>,
  source: HistorySource,
  state: ImportState,
  limit: number,
): AsyncIterable<CommitPart> {
  let { lastCommit, commits: number, unfinished } = state;
  for await (const commit of commits) {
    const continues = (commit.parents[0] ?? null) === lastCommit;
    const isExpected = unfinished === null || unfinished.commit === commit.hash;
    if (!continues || !isExpected) {
      const stored = unfinished?.commit ?? lastCommit ?? commit.hash;
      throw new HistoryDiverged(stored, source.repository, source.branch);
    }
    yield* cut(commit, ++number, unfinished?.fileEvents ?? 0, limit);
    lastCommit = commit.hash;
    unfinished = null;
  }
}

function* cut(commit: GitCommit, number: number, from: number, limit: number): Iterable<CommitPart> {
  const { changes } = commit;
  if (from === 0 && changes.length <= limit) {
    yield { commit, number, changes, changesThrough: changes.length, isLast: true };
    return;
  }
  for (let start = from, isLast = false; !isLast; start += limit) {
    const part = changes.slice(start, start + limit);
    const changesThrough = start + part.length;
    isLast = changesThrough >= changes.length;
    yield { commit, number, changes: part, changesThrough, isLast };
  }
}
