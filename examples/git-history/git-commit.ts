/** How a path changed in a commit: added, modified (or another type of entry), deleted. */
export type ChangeStatus = 'A' | 'M' | 'D';

/** One path that a commit changed. */
export interface PathChange {
  readonly status: ChangeStatus;
  /** As `encodePath` writes it. */
  readonly path: string;
  /** After the change; before it for a deleted path. */
  readonly mode: string;
  /** After the change; before it for a deleted path. */
  readonly blob: string;
}

/** A commit as git reports it, compared with its first parent. */
export interface GitCommit {
  readonly hash: string;
  /** None for a root; the first is the one it is compared with. */
  readonly parents: readonly string[];
  /** `Name <address>` */
  readonly author: string;
  /** ISO 8601 in UTC. */
  readonly authoredAt: string;
  /** ISO 8601 in UTC. */
  readonly committedAt: string;
  readonly subject: string;
  readonly changes: readonly PathChange[];
}
