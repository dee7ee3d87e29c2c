/*
 * Runs jest with ES modules, on any platform: `npm test -- tests/unit -t "keeps order"`.
 *
 * Node needs a flag for modules in jest's sandbox, and warns about it on every start, in every worker.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const options = [process.env.NODE_OPTIONS, ...flags].filter(Boolean).join(' ');

const child = spawn(process.execPath, [jest, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: options },
});

// Ctrl-C reaches jest by itself; this process stays to pass its code on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
});
