import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const environment = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

/** A change of one path, as `git fast-import` reads it. */
export type Change = string;

/** What a commit is made of. */
export interface ScratchCommit {
  readonly branch?: string;
  /** The branch that is merged, or that a new branch begins at. */
  readonly from?: string;
  readonly merge?: string;
  readonly author?: string;
  readonly changes?: readonly Change[];
}

/** A file with a content, or with another mode a symbolic link or executable. */
export function put(path: string | Buffer, content: string, mode = '100644'): Change {
  return `M ${mode} inline ${quote(path)}\ndata ${Buffer.byteLength(content)}\n${content}\n`;
}

/** A commit of another repository, as a submodule leaves it. */
export function putGitlink(path: string, commit: string): Change {
  return `M 160000 ${commit} ${quote(path)}\n`;
}

/** A path that goes. */
export function remove(path: string | Buffer): Change {
  return `D ${quote(path)}\n`;
}

/** A repository of real git, in a folder of its own. */
export class ScratchRepository {
  readonly path: string;
  #seconds = 1_700_000_000;

  constructor(...options: readonly string[]) {
    this.path = mkdtempSync(join(tmpdir(), 'git-history-'));
    this.git('init', '--quiet', '--initial-branch=main', ...options);
  }

  /** Runs git and returns what it prints. */
  git(...args: readonly string[]): Buffer {
    return this.#run(args, '');
  }

  /** Adds a commit and returns its hash. */
  commit({ branch = 'main', from, merge, author = 'Ada Lovelace', changes = [] }: ScratchCommit): string {
    const time = `${this.#seconds++} +0100`;
    const ref = `refs/heads/${branch}`;
    const isNew = !this.git('branch', '--list', branch).toString().includes(branch);
    const parent = from ?? (isNew ? undefined : branch);
    const lines = [
      `commit ${ref}\nauthor ${author} <ada@example.org> ${time}\n`,
      `committer Grace Hopper <grace@example.org> ${time}\ndata 6\nChange\n`,
      ...(parent === undefined ? [] : [`from refs/heads/${parent}^0\n`]),
      ...(merge === undefined ? [] : [`merge refs/heads/${merge}^0\n`]),
      ...changes,
    ];
    this.#run(['fast-import', '--quiet', '--force'], lines.join(''));
    return this.git('rev-parse', ref).toString().trim();
  }

  /** The first-parent line of a branch, oldest first. */
  line(branch = 'main'): readonly string[] {
    const hashes = this.git('rev-list', '--first-parent', '--reverse', branch).toString();
    return hashes.trim().split('\n');
  }

  /** `MODE BLOB<tab>PATH` for each file of a commit, as git sees it, the paths as binary strings. */
  listing(commit: string): readonly string[] {
    const entries = this.git('ls-tree', '-r', '-z', '--full-tree', commit).toString('latin1');
    return entries
      .split('\0')
      .slice(0, -1)
      .map(entry => entry.replace(/^(\d+) \w+ /, '$1 '));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #run(args: readonly string[], input: string): Buffer {
    return execFileSync('git', ['-C', this.path, ...args], {
      input: Buffer.from(input, 'latin1'),
      env: environment,
    });
  }
}

function quote(path: string | Buffer): string {
  const bytes = Buffer.from(path as string);
  return `"${Array.from(bytes, byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
}
