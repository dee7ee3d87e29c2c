import { pathToFileURL } from 'node:url';
import type { App } from 'annals/di';
import { runAt } from './at-command.ts';
import { readCommandLine, usage } from './command-line.ts';
import type { CommandLine } from './command-line.ts';
import { fileHistory } from './file-history.ts';
import { runImport } from './import-command.ts';
import { requireHistory } from './load-progress.ts';
import { openApp, openFilledApp } from './open-app.ts';
import type { Terminal } from './progress.ts';
import { runVerify } from './verify-command.ts';
import { WrongUsage } from './wrong-usage.ts';

const [succeeded, failed, misused, interrupted] = [0, 1, 2, 130];

/**
 * Runs one command.
 *
 * @param args - the command line behind the program's name
 * @returns the exit code: 0, 1 after an error or a difference, 2 after a wrong command line, 130 if stopped
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const commandLine = readCommandLine(args);
    if (commandLine.command !== 'help') return await runOnStore(commandLine, terminal);
    terminal.out.write(usage);
    return succeeded;
  } catch (error) {
    return explain(error, terminal);
  }
}

function explain(error: unknown, { notes, signal }: Terminal): number {
  if (error instanceof WrongUsage) {
    notes.write(`${error.message}\n\n${usage}`);
    return misused;
  }
  if (signal?.aborted === true) {
    notes.write('Stopped. What is stored stays; the same command goes on from there.\n');
    return interrupted;
  }
  notes.write(`${messageOf(error)}\n`);
  return failed;
}

/* Of an error that has no text, e.g. of several attempts to connect, its code says most. */
function messageOf(error: unknown): string {
  const { message, code, name } = error as Partial<NodeJS.ErrnoException>;
  return [message, code, name].find(text => text !== undefined && text !== '') ?? String(error);
}

type StoreCommand = Exclude<CommandLine, { command: 'help' }>;

async function runOnStore(command: StoreCommand, terminal: Terminal): Promise<number> {
  const mayFill = command.command === 'import' || command.command === 'verify';
  const app = await (mayFill ? openApp(command.store) : openFilledApp(command.store));
  try {
    return await run(app, command, terminal);
  } finally {
    await app.stop();
  }
}

async function run(app: App, command: StoreCommand, terminal: Terminal): Promise<number> {
  switch (command.command) {
    case 'import':
      await runImport(app, command, terminal);
      return succeeded;
    case 'at':
      await runAt(app, command, terminal);
      return succeeded;
    case 'history':
      await requireHistory(app, command.store);
      for await (const line of fileHistory(app, command.path)) terminal.out.write(`${line}\n`);
      return succeeded;
    case 'verify':
      return (await runVerify(app, command, terminal)) ? succeeded : failed;
  }
}

async function runFromShell(): Promise<void> {
  const stop = new AbortController();
  // Only the first Ctrl-C ends it in order; a second one ends it at once.
  process.once('SIGINT', () => stop.abort());
  // `at … | head` closes the pipe when it has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const terminal = { out: process.stdout, notes: process.stderr, signal: stop.signal };
  process.exitCode = await main(process.argv.slice(2), terminal);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runFromShell();
