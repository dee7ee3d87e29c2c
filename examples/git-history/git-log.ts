import { streamGit } from './git.ts';
import type { GitCommit } from './git-commit.ts';
import { GitLogParser, logFormat } from './git-log-parser.ts';
import { splitAtNul } from './split-at-nul.ts';

// Whatever the user's configuration says: roots are shown, merges compared with their parents, nothing is
// left out, reordered or coloured.
const fixedConfiguration = ['log.showRoot=true', 'log.diffMerges=separate', 'diff.relative=false'].flatMap(
  setting => ['-c', setting],
);
const fixedOptions = [
  '--ignore-submodules=none',
  '-O/dev/null',
  '--no-show-signature',
  '--no-color',
  '--encoding=UTF-8',
];

/**
 * The commits of the first-parent line up to `tip`, oldest first, as git reports them.
 *
 * @param after - the commit to begin behind; null: from the beginning
 * @throws {GitFailed} git ended with an error
 * @throws {UnreadableLog} the output does not read as it should
 */
export async function* readLog(
  repository: string,
  tip: string,
  after: string | null,
): AsyncIterable<GitCommit> {
  const parser = new GitLogParser();
  for await (const fields of splitAtNul(streamGit(repository, logArguments(tip, after)))) {
    for (const field of fields) {
      const commit = parser.push(field);
      if (commit !== undefined) yield commit;
    }
  }
  const last = parser.end();
  if (last !== undefined) yield last;
}

function logArguments(tip: string, after: string | null): string[] {
  const asked = ['--reverse', '--raw', '--no-renames', '--no-abbrev', '-z', '-m', '--first-parent'];
  const range = after === null ? tip : `${after}..${tip}`;
  return [...fixedConfiguration, 'log', ...asked, ...fixedOptions, `--format=${logFormat}`, range, '--'];
}
