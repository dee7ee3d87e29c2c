import { InvalidQuery } from './ports/event-store-errors.ts';

// Node's timers take no more: a longer one would fire at once.
const maxTimeoutMs = 2_147_483_647;

/** Returns a time-out that a timer can keep. @throws {InvalidQuery} */
export function checkTimeout(name: string, timeoutMs: number): number {
  if (Number.isFinite(timeoutMs) && timeoutMs >= 0 && timeoutMs <= maxTimeoutMs) return timeoutMs;
  throw new InvalidQuery(`The ${name} is ${String(timeoutMs)}. Give milliseconds from 0 to ${maxTimeoutMs}.`);
}
