import type { App } from 'annals/di';
import { findCommit } from './find-commit.ts';
import { requireHistory } from './load-progress.ts';
import { encodePath } from './path-encoding.ts';
import type { Terminal } from './progress.ts';
import { treeAt } from './replay-trees.ts';

/** Which commit to show, and how. */
export interface AtCommand {
  readonly commit: string;
  readonly isRaw: boolean;
  readonly store: string;
}

/** Prints `MODE BLOB<tab>PATH` for each file at a commit, sorted by the bytes of the paths. */
export async function runAt(app: App, command: AtCommand, terminal: Terminal): Promise<void> {
  await requireHistory(app, command.store);
  const tree = await treeAt(app.events, await findCommit(app, command.commit));
  const lines = tree.sorted().map(([path, { mode, blob }]) => {
    if (command.isRaw) return `${mode} ${blob}\t${path}\0`;
    return `${mode} ${blob}\t${encodePath(Buffer.from(path, 'latin1'))}\n`;
  });
  terminal.out.write(Buffer.from(lines.join(''), command.isRaw ? 'latin1' : 'utf8'));
}
