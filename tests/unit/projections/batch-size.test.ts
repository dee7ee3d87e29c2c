import { describe, expect, test } from '@jest/globals';
import { BatchSize } from '../../../src/projections/batch-size.ts';

function succeed(size: BatchSize, times: number): number[] {
  return Array.from({ length: times }, () => {
    size.succeeded();
    return size.current;
  });
}

describe('the size of a batch', () => {
  test('stays as it is at a single failure', () => {
    const size = new BatchSize(100);
    size.failed(100);
    size.succeeded();
    size.failed(100);
    expect(size.current).toBe(100);
  });

  test('is halved from the second failure on, down to one event', () => {
    const size = new BatchSize(100);
    const sizes = [100, 60, 30, 15, 8, 4, 2, 1].map(events => {
      size.failed(events);
      return size.current;
    });
    expect(sizes).toEqual([100, 30, 15, 8, 4, 2, 1, 1]);
  });

  test('grows back after some successes, and up to what the projector says', () => {
    const size = new BatchSize(10);
    for (const events of [10, 10, 5]) size.failed(events);
    expect(size.current).toBe(3);
    expect(succeed(size, 9)).toEqual([3, 3, 3, 6, 6, 6, 6, 10, 10]);
  });

  test('that turns out too large again is halved at once, and risked less often', () => {
    const size = new BatchSize(4);
    for (const events of [4, 4, 2]) size.failed(events);
    expect(succeed(size, 4).at(-1)).toBe(2);
    size.failed(2);
    expect(size.current).toBe(1);
    expect(succeed(size, 8)).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
  });
});
