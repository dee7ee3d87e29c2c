#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { printStories, readStories } from './collected-stories.ts';
import { shellQuoted } from './shell-quoted.ts';

const usage = `Usage: annals stories [--run "<command>"] [arguments of the command …]

Runs tests, and prints the scenarios that came true as Given/When/Then text; what the tests print goes to standard error.

  --run "<command>"   what runs the tests, with any runner; default: npm test --

  npx annals stories
  npx annals stories --run "npx vitest run" orders > stories.md
`;

process.exitCode = main(process.argv.slice(2));

function main([command, ...args]: readonly string[]): number {
  if (command === '--help' || args[0] === '--help') {
    process.stdout.write(usage);
    return 0;
  }
  const hasRun = args[0] === '--run';
  if (command !== 'stories' || (hasRun && args[1] === undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  return hasRun ? tellStories(args[1]!, args.slice(2)) : tellStories('npm test --', args);
}

/* The test kit appends each scenario that comes true to the file that ANNALS_STORIES names. */
function tellStories(command: string, args: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'annals-stories-'));
  const path = join(folder, 'stories.jsonl');
  try {
    const line = [command, ...args.map(shellQuoted)].join(' ');
    const env = { ...process.env, ANNALS_STORIES: path };
    const { status, signal } = spawnSync(line, { shell: true, stdio: ['ignore', 2, 2], env });
    const stories = readStories(path);
    process.stdout.write(printStories(stories));
    if (stories.length > 0) return status ?? 128 + constants.signals[signal!];
    process.stderr.write(`"${line}" told no story: no scenario of annals/testing came true in it.\n`);
    return status === 0 ? 1 : (status ?? 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
