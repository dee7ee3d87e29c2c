import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 5;
const usualPatienceMs = 10_000;

/** Waits until `condition` gives something other than undefined or false, and returns that. */
export async function eventually<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  patienceMs = usualPatienceMs,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
    await wait(pollMs);
  }
}
