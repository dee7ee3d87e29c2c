import { describe, expect, test } from '@jest/globals';
import { compareWithFold } from '../../support/snapshot-run.ts';
import { memoryStores } from '../../support/stores.ts';

describe('Snapshots in memory', () => {
  test('change no state of any version and time, whatever becomes of them', async () => {
    const seen = await compareWithFold(options => memoryStores().open(options), 100);
    expect(seen.found).toBeGreaterThan(20);
    expect(seen.removed).toBeGreaterThan(0);
  });
});
