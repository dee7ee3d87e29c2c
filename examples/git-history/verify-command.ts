import { randomInt } from 'node:crypto';
import type { App } from 'annals/di';
import { runImport } from './import-command.ts';
import { loadProgress, requireHistory } from './load-progress.ts';
import { formatNumber, showProgress } from './progress.ts';
import type { Terminal } from './progress.ts';
import type { TreeEntry } from './tree.ts';
import { verifyHistory } from './verify-history.ts';
import type { CommitDifference, Verification } from './verify-history.ts';

/** What to compare. */
export interface VerifyCommand {
  readonly repository: string;
  readonly branch: string | undefined;
  readonly samples: number;
  readonly seed: number | undefined;
  readonly store: string;
}

const shownDifferences = 10;
const maxSeed = 2 ** 31;

/** Compares the store with git and prints what differs. @returns whether nothing does */
export async function runVerify(app: App, command: VerifyCommand, terminal: Terminal): Promise<boolean> {
  const { version } = await loadProgress(app);
  if (version === 0) await runImport(app, command, terminal);
  const state = await requireHistory(app, command.store);
  const { repository, samples, seed = randomInt(maxSeed) } = command;
  const progress = showProgress(terminal, 'samples');
  progress.expect(Math.min(samples, state.commits));
  const onCompared = (compared: number): void => progress.show(compared);
  try {
    const { signal } = terminal;
    const found = await verifyHistory(app, { repository, state, samples, seed, signal, onCompared });
    progress.end();
    terminal.out.write(report(found, seed));
    return found.differences.length === 0 && found.problems.length === 0;
  } finally {
    progress.end();
  }
}

function report({ samples, entries, differences, problems }: Verification, seed: number): string {
  const compared = `${formatNumber(samples)} commits and ${formatNumber(entries)} files compared (seed ${seed})`;
  const shown = differences.slice(0, shownDifferences).map(describe);
  const more = differences.length - shown.length;
  const lines = [
    ...problems,
    ...shown,
    ...(more > 0 ? [`and ${formatNumber(more)} more`] : []),
    differences.length + problems.length === 0
      ? `${compared}: no difference. All recorded commits are git's, in git's order.`
      : `${compared}: ${formatNumber(differences.length)} differences, ${problems.length} wrong counts.`,
  ];
  return `${lines.join('\n')}\n`;
}

function describe({ commit, path, inStore, inGit }: CommitDifference): string {
  return `${commit} ${path}: ${describeEntry(inStore)} in the store, ${describeEntry(inGit)} in git`;
}

function describeEntry(entry: TreeEntry | undefined): string {
  return entry === undefined ? 'absent' : `${entry.mode} ${entry.blob}`;
}
