import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { GitFailed, UnknownBranch } from './errors.ts';

// Left by a git hook, these would point to another repository than the one asked for.
const misleading = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_NAMESPACE'];
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !misleading.includes(name)),
);

/**
 * What git prints, as it prints it. Leaving the loop early ends git.
 *
 * @throws {GitFailed} it could not run or ended with an error
 */
export async function* streamGit(repository: string, args: readonly string[]): AsyncIterable<Buffer> {
  const command = args.find(arg => /^[a-z-]+$/.test(arg) && arg !== '-c') ?? '';
  const child = spawn('git', ['-C', repository, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  closed.catch(() => undefined);
  const problem: Buffer[] = [];
  child.stderr.on('data', (data: Buffer) => problem.push(data));
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [exitCode] = await closed.catch((cause: unknown) => {
      throw new GitFailed(command, null, (cause as Error).message, { cause });
    });
    if (exitCode !== 0) throw new GitFailed(command, exitCode, Buffer.concat(problem).toString());
  } finally {
    child.kill();
  }
}

/** All that git prints. @throws {GitFailed} it could not run or ended with an error */
export async function runGit(repository: string, args: readonly string[]): Promise<Buffer> {
  const output: Buffer[] = [];
  for await (const data of streamGit(repository, args)) output.push(data);
  return Buffer.concat(output);
}

/**
 * The commit that a branch is at.
 *
 * @param branch - a branch or anything else that names a commit; undefined: what HEAD points to
 * @throws {UnknownBranch} there is no such commit
 */
export async function tipOf(repository: string, branch: string | undefined): Promise<string> {
  const names = branch === undefined ? ['HEAD'] : [`refs/heads/${branch}`, branch];
  for (const name of names) {
    const tip = await resolveCommit(repository, name);
    if (tip !== undefined) return tip;
  }
  throw new UnknownBranch(repository, branch ?? 'HEAD');
}

async function resolveCommit(repository: string, name: string): Promise<string | undefined> {
  if (name.startsWith('-')) return undefined;
  try {
    const output = await runGit(repository, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    return output.toString().trim();
  } catch (error) {
    // With --quiet 1 means that there is no such name; anything else is a real failure.
    if (error instanceof GitFailed && error.exitCode === 1) return undefined;
    throw error;
  }
}

/** Whether `commit` is in the repository and `tip` descends from it. */
export async function isAncestor(repository: string, commit: string, tip: string): Promise<boolean> {
  try {
    await runGit(repository, ['merge-base', '--is-ancestor', commit, tip]);
    return true;
  } catch (error) {
    // 1: it is not; 128: the repository does not have it.
    if (error instanceof GitFailed && error.exitCode !== null) return false;
    throw error;
  }
}

/** How many commits the first-parent line has up to `tip`, without those up to `after`. */
export async function countCommits(repository: string, tip: string, after: string | null): Promise<number> {
  const range = after === null ? tip : `${after}..${tip}`;
  const output = await runGit(repository, ['rev-list', '--first-parent', '--count', range]);
  return Number(output.toString());
}

/** The hashes of the first-parent line up to `tip`, oldest first. */
export async function firstParentLine(repository: string, tip: string): Promise<readonly string[]> {
  const output = await runGit(repository, ['rev-list', '--first-parent', '--reverse', tip]);
  return output.toString('latin1').split('\n').slice(0, -1);
}
