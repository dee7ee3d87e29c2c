import type { Clock } from '../../application/ports/clock.ts';

/** The clock of the machine. */
export const systemClock: Clock = { now: () => new Date() };
