import { AnnalsError } from 'annals';

/** Git ended with an error. */
export class GitFailed extends AnnalsError {
  readonly code = 'git-failed';
  readonly exitCode: number | null;

  constructor(command: string, exitCode: number | null, problem: string, options?: ErrorOptions) {
    const ending = exitCode === null ? 'could not run' : `ended with code ${exitCode}`;
    super(`git ${command} ${ending}: ${problem.trim() || 'it gave no reason'}`, options);
    this.exitCode = exitCode;
  }
}

/** Git's log does not read as it should. */
export class UnreadableLog extends AnnalsError {
  readonly code = 'unreadable-log';

  constructor(problem: string) {
    super(`The output of git log could not be read: ${problem} Check the repository with git fsck.`);
  }
}

/** The repository has no such branch, or no commit yet. */
export class UnknownBranch extends AnnalsError {
  readonly code = 'unknown-branch';

  constructor(repository: string, branch: string) {
    super(
      `The repository ${repository} has no commit on ${branch}. ` +
        'Name a branch that git branch lists: --branch NAME.',
    );
  }
}

/** The history in the repository does not continue the one in the store. */
export class HistoryDiverged extends AnnalsError {
  readonly code = 'history-diverged';

  constructor(lastCommit: string, repository: string, branch: string) {
    super(
      `The store holds a history up to commit ${lastCommit}, which is not on the first-parent line of ` +
        `${branch} in ${repository}: the history was rewritten, or this is another branch or repository. ` +
        'Nothing was imported. Import it into an empty store: --store DIR.',
    );
  }
}

/** Two imports write to one store. */
export class ImportOvertaken extends AnnalsError {
  readonly code = 'import-overtaken';

  constructor(commits: number, options: ErrorOptions) {
    super(
      `Another import advanced this store beyond commit ${commits} meanwhile, so this one stopped; nothing ` +
        'is doubled. Let the other one end, then run this one again to see that nothing is missing.',
      options,
    );
  }
}

/** The store holds no history. */
export class NothingImported extends AnnalsError {
  readonly code = 'nothing-imported';

  constructor(store: string) {
    super(`The store ${store} holds no history. Import one first: import REPO --store ${store}`);
  }
}

/** No recorded commit has this hash. */
export class UnknownCommit extends AnnalsError {
  readonly code = 'unknown-commit';

  constructor(commit: string) {
    super(
      `The store holds no commit ${JSON.stringify(commit)}. Give the hash, or at least 4 digits of it, of a ` +
        'commit on the imported first-parent line: git log --first-parent lists them.',
    );
  }
}

/** Several recorded commits begin with these digits. */
export class AmbiguousCommit extends AnnalsError {
  readonly code = 'ambiguous-commit';

  constructor(commit: string, candidates: readonly string[]) {
    const shown = candidates.slice(0, 5).join(', ');
    super(`${candidates.length} commits begin with ${commit}: ${shown}. Give more digits.`);
  }
}

/** No file of this path ever existed. */
export class UnknownPath extends AnnalsError {
  readonly code = 'unknown-path';

  constructor(path: string) {
    super(
      `The store holds no file ${JSON.stringify(path)}. ` +
        'Give the path from the top of the repository, as git or the command "at" prints it.',
    );
  }
}
