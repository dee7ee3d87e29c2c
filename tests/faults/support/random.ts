/** Random choices that a seed repeats. */
export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
}

/** Random choices from a seed; the same seed gives the same choices. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  // Mulberry32: short, and good enough to choose by.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: limit => Math.floor(next() * limit),
    chance: probability => next() < probability,
    pick: values => values[Math.floor(next() * values.length)]!,
  };
}

/** The seed of this run, from ANNALS_FAULT_SEED or new; print it, so that a failure can be repeated. */
export function seedOfRun(): number {
  return Number(process.env.ANNALS_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
}

/** Whether `npm run test:faults` runs: for minutes. `npm test` runs the short form of each test. */
export const isLongForm = process.env.npm_lifecycle_event === 'test:faults';

/** How long each test of random faults goes on: ANNALS_FAULT_SECONDS, or what its form is given. */
export function faultSeconds(short: number, long: number): number {
  return Number(process.env.ANNALS_FAULT_SECONDS ?? (isLongForm ? long : short));
}
