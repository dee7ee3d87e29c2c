import { isUtf8 } from 'node:buffer';
import { UnreadableLog } from './errors.ts';
import type { ChangeStatus, GitCommit, PathChange } from './git-commit.ts';
import { encodePath } from './path-encoding.ts';

/** The format that the parser reads: an empty field, then seven of a commit, each ended by NUL. */
export const logFormat = '%x00%H%x00%P%x00%an%x00%ae%x00%at%x00%ct%x00%s';

const headerFields = 7;
// A name or subject is information; a whole book in one would not fit in an event.
const maxTextLength = 500;
// Beyond it a Date is invalid; git shows such times as the beginning of time, too.
const maxSeconds = 8_640_000_000_000;
const statuses: Readonly<Record<string, ChangeStatus>> = { A: 'A', M: 'M', T: 'M', D: 'D' };

/**
 * Makes commits of the NUL-ended fields of `git log -z --raw` in `logFormat`.
 *
 * - between entries: an empty field begins a header, one that begins with a colon an entry
 * - in a header: the next seven fields are the commit's, whatever they contain
 * - in an entry: the next field is its path, whatever it contains
 */
export class GitLogParser {
  #header: Buffer[] | undefined;
  #entry: string | undefined;
  #commit: (GitCommit & { readonly changes: PathChange[] }) | undefined;

  /** Takes the next field; returns the commit before, once the next one begins. */
  push(field: Buffer): GitCommit | undefined {
    if (this.#header !== undefined) this.#addToHeader(this.#header, field);
    else if (this.#entry !== undefined) this.#endEntry(this.#entry, field);
    else if (field.length > 0) this.#entry = beginEntry(field, this.#commit);
    else {
      this.#header = [];
      return this.#takeCommit();
    }
    return undefined;
  }

  /** The last commit. @throws {UnreadableLog} the output ends within something */
  end(): GitCommit | undefined {
    const isCut = this.#header !== undefined || this.#entry !== undefined;
    if (isCut) throw new UnreadableLog('it ends in the middle of a commit.');
    return this.#takeCommit();
  }

  #takeCommit(): GitCommit | undefined {
    const commit = this.#commit;
    this.#commit = undefined;
    return commit;
  }

  #addToHeader(header: Buffer[], field: Buffer): void {
    header.push(field);
    if (header.length < headerFields) return;
    this.#header = undefined;
    this.#commit = readHeader(header);
  }

  #endEntry(entry: string, path: Buffer): void {
    this.#entry = undefined;
    this.#commit!.changes.push(readChange(entry, path));
  }
}

function beginEntry(field: Buffer, commit: GitCommit | undefined): string {
  // The first entry of a commit stands on a new line.
  const entry = field.toString('latin1').trimStart();
  if (commit !== undefined && entry.startsWith(':')) return entry;
  throw new UnreadableLog(`${JSON.stringify(entry.slice(0, 80))} is neither a commit nor an entry.`);
}

function readHeader(fields: readonly Buffer[]): GitCommit & { readonly changes: PathChange[] } {
  const [hash, parents, name, address, authored, committed, subject] = fields.map(readText);
  return {
    hash: hash!,
    parents: parents === '' ? [] : parents!.split(' '),
    author: `${name} <${address}>`,
    authoredAt: readTime(authored!),
    committedAt: readTime(committed!),
    subject: subject!,
    changes: [],
  };
}

/* Git gives UTF-8 where it can; old commits with bytes of an undeclared encoding are mostly Latin-1. */
function readText(field: Buffer): string {
  const text = isUtf8(field) ? field.toString() : field.toString('latin1');
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength - 1).toWellFormed()}…`;
}

function readTime(seconds: string): string {
  const value = Number(seconds);
  const isUsable = Number.isInteger(value) && Math.abs(value) <= maxSeconds;
  return new Date(isUsable ? value * 1_000 : 0).toISOString();
}

/* `:100644 100755 OLD NEW M`: modes have six digits, hashes 40 or 64. */
function readChange(entry: string, path: Buffer): PathChange {
  const [oldMode, newMode, oldBlob, newBlob, letter = ''] = entry.slice(1).split(' ');
  const status = statuses[letter];
  if (status === undefined) {
    const name = JSON.stringify(encodePath(path));
    throw new UnreadableLog(`${name} has status ${JSON.stringify(letter)} instead of A, M, T or D.`);
  }
  const isDeleted = status === 'D';
  return {
    status,
    path: encodePath(path),
    mode: (isDeleted ? oldMode : newMode)!,
    blob: (isDeleted ? oldBlob : newBlob)!,
  };
}
