import { describe, expect, test } from '@jest/globals';
import { shardOf } from '../../../src/projections/shard-of.ts';

const counts = [1, 2, 3, 4, 7, 16, 64];

/* Reckoned by a second program in another language. Never to be updated: rows are where these numbers have put them. */
const vectors: readonly { name: string; key: string; shards: readonly number[] }[] = [
  { name: 'is empty', key: '', shards: [0, 1, 2, 3, 4, 11, 11] },
  { name: 'is plain', key: 'acc-1', shards: [0, 0, 2, 0, 1, 4, 36] },
  { name: 'differs in its last letter', key: 'acc-2', shards: [0, 0, 0, 0, 6, 8, 40] },
  { name: 'is the name of a stream', key: 'account/acc-1', shards: [0, 1, 2, 1, 6, 5, 21] },
  { name: 'has umlauts', key: 'Käthe Müßig', shards: [0, 1, 1, 3, 2, 15, 47] },
  { name: 'is Chinese', key: '帳戶', shards: [0, 1, 1, 1, 5, 9, 25] },
  { name: 'has emoji', key: '👩‍🚀🎈', shards: [0, 1, 2, 1, 4, 5, 5] },
  { name: 'is half an emoji', key: '\ud83c', shards: [0, 0, 2, 2, 5, 6, 38] },
  { name: 'is long', key: 'x'.repeat(10_000), shards: [0, 1, 1, 3, 0, 3, 35] },
];

describe('shardOf', () => {
  test.each(vectors)('puts a key that $name where every release does', ({ key, shards }) => {
    expect(counts.map(count => shardOf(key, count))).toEqual(shards);
  });

  test('spreads neighbouring keys evenly', () => {
    for (const count of [2, 3, 4, 8]) {
      const loads = Array.from({ length: count }, () => 0);
      for (let index = 0; index < 8_000; index++) loads[shardOf(`acc-${index}`, count)]!++;
      expect(Math.max(...loads) / Math.min(...loads)).toBeLessThan(1.15);
    }
  });
});
