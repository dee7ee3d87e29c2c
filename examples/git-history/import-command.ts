import type { App } from 'annals/di';
import { countCommits } from './git.ts';
import { importHistory } from './import-history.ts';
import type { ImportState } from './import-progress.ts';
import { formatNumber, formatRate, showProgress } from './progress.ts';
import type { Progress, Terminal } from './progress.ts';

/** What to import. */
export interface ImportCommand {
  readonly repository: string;
  readonly branch: string | undefined;
}

/** Imports, shows progress, and says how much and how fast. */
export async function runImport(app: App, command: ImportCommand, terminal: Terminal): Promise<void> {
  const progress = showProgress(terminal, 'commits');
  const startedMs = performance.now();
  let started: ImportState | undefined;
  const onProgress = (state: ImportState, tip: string): void => {
    if (started === undefined) expectCommits(command.repository, state, tip, progress);
    started ??= state;
    progress.show(state.commits, eventsBetween(started, state));
  };
  try {
    const { signal } = terminal;
    const { before, after } = await importHistory(app, { ...command, signal, onProgress });
    progress.end();
    terminal.notes.write(`${summarize(before, after, performance.now() - startedMs)}\n`);
  } finally {
    progress.end();
  }
}

/* Beside the import: counting may take git a while, and nothing depends on it. */
function expectCommits(repository: string, state: ImportState, tip: string, progress: Progress): void {
  countCommits(repository, tip, state.lastCommit).then(
    missing => progress.expect(state.commits + missing),
    () => undefined,
  );
}

function summarize(before: ImportState, after: ImportState, ms: number): string {
  const commits = after.commits - before.commits;
  const total = `${formatNumber(after.commits)} commits and ${formatNumber(after.fileEvents)} file events`;
  if (commits === 0) return `Nothing to import: the store is up to date with ${total}.`;
  const events = eventsBetween(before, after);
  const speed = `${formatNumber(events)} events in ${(ms / 1_000).toFixed(1)} s, ${formatRate(events, ms)} events/s`;
  return `Imported ${formatNumber(commits)} commits: ${speed}. The store holds ${total}.`;
}

function eventsBetween(before: ImportState, after: ImportState): number {
  return after.fileEvents - before.fileEvents + after.commits - before.commits;
}
