import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 5;
// Far more than anything takes: a busy machine is slow, and a test that fails may wait.
const usualPatienceMs = 60_000;

/** Waits until `condition` gives something other than undefined or false, and returns that. */
export async function eventually<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  patienceMs = usualPatienceMs,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
    await wait(pollMs);
  }
}

/** For waits that are not what a test is about. */
export const patiently = { timeoutMs: usualPatienceMs };
