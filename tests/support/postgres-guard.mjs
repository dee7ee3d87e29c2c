/*
 * Runs beside a test server: when the test run ends without stopping it, killed or crashed, standard input
 * closes; then this stops the server and removes its folder.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const [, , folder] = process.argv;
const pollMs = 50;
const patienceMs = 10_000;

process.stdin.resume().once('end', () => void cleanUp());

async function cleanUp() {
  const pid = serverPid();
  if (pid !== undefined) await end(pid);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function serverPid() {
  try {
    return Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10);
  } catch {
    return undefined;
  }
}

async function end(pid) {
  const deadline = Date.now() + patienceMs;
  // A frozen server must wake up to obey; an immediate shutdown needs no clean-up, its folder goes away.
  for (const signal of ['SIGCONT', 'SIGQUIT']) send(pid, signal);
  // The server removes the file as its last act; asking for the process would also find a dead one.
  while (serverPid() !== undefined && Date.now() < deadline) await wait(pollMs);
  send(pid, 'SIGKILL');
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
