import type { EventStore } from 'annals';
import { fileEventTypes } from './file-events.ts';
import type { ImportState } from './import-progress.ts';
import { commitRecordedType } from './recorded-commit.ts';
import type { CommitFields } from './recorded-commit.ts';

/**
 * What is wrong with the recorded commits: they must be git's, in git's order, each once, and have as many
 * file events as they say; and the import must have counted as many as there are.
 *
 * @param line - the hashes of git's first-parent line, oldest first
 */
export async function verifyCounts(
  store: EventStore,
  state: ImportState,
  line: readonly string[],
): Promise<readonly string[]> {
  const recorded = await readCommits(store);
  const counts = await store.countByType({ types: fileEventTypes });
  const stored = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const ofCommits = recorded.reduce((sum, { files }) => sum + files, state.unfinished?.fileEvents ?? 0);
  const wrong = recorded.findIndex(
    ({ commit, commitNumber }, index) => commit !== line[index] || commitNumber !== index + 1,
  );
  return [
    recorded.length !== line.length && `Git has ${line.length} commits, the store ${recorded.length}.`,
    recorded.length !== state.commits && `The import counted ${state.commits} commits.`,
    wrong >= 0 && `Commit ${wrong + 1} is ${line[wrong]} in git and ${recorded[wrong]!.commit} in the store.`,
    stored !== state.fileEvents && `The import counted ${state.fileEvents} file events of ${stored}.`,
    stored !== ofCommits && `The commits have ${ofCommits} file events, the store has ${stored}.`,
  ].filter(problem => problem !== false);
}

async function readCommits(store: EventStore): Promise<readonly CommitFields[]> {
  const commits: CommitFields[] = [];
  for await (const { payload } of store.readFeed({ types: [commitRecordedType], batchSize: 5_000 })) {
    commits.push(payload as CommitFields);
  }
  return commits;
}
