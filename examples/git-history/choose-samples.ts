/**
 * Chooses commits to look at: the first and the last, half of them evenly spread, the rest at random.
 *
 * @param count - how many there are
 * @param wanted - how many to choose, from 1; all if there are no more
 * @param seed - the same seed gives the same choice
 * @returns numbers from 1 to `count`, ascending, each once
 */
export function chooseSamples(count: number, wanted: number, seed: number): readonly number[] {
  if (wanted >= count) return Array.from({ length: count }, (_, index) => index + 1);
  const spread = Math.max(2, Math.ceil(wanted / 2));
  const chosen = new Set([count, 1].slice(0, wanted));
  for (let index = 1; index < spread - 1; index++) {
    chosen.add(1 + Math.round((index * (count - 1)) / (spread - 1)));
  }
  const random = newRandom(seed);
  while (chosen.size < wanted) chosen.add(1 + Math.floor(random() * count));
  return [...chosen].sort((a, b) => a - b);
}

/* mulberry32: small, and good enough to choose by. Returns numbers from 0 to below 1. */
function newRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
