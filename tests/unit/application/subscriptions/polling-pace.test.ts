import { describe, expect, test } from '@jest/globals';
import { PollingPace } from '../../../../src/application/subscriptions/polling-pace.ts';
import type { TailRead } from '../../../../src/application/subscriptions/polling-pace.ts';

const nothing: TailRead = { hasNews: false, wasHinted: false, isWriterOpen: false };
const told: TailRead = { ...nothing, hasNews: true, wasHinted: true };
const untold: TailRead = { ...nothing, hasNews: true };
const writing: TailRead = { ...nothing, isWriterOpen: true };

function pauses(pace: PollingPace, read: TailRead, count: number): number[] {
  return Array.from({ length: count }, () => pace.next(read));
}

describe('The pace of polling', () => {
  test('is slow while nothing happens, and while wake-ups tell of everything', () => {
    const pace = new PollingPace(1_000);
    expect(pauses(pace, nothing, 3)).toEqual([1_000, 1_000, 1_000]);
    expect(pauses(pace, told, 2)).toEqual([1_000, 1_000]);
    expect(pauses(pace, nothing, 1)).toEqual([1_000]);
  });

  test('is quick, and slows down again, after something that no wake-up told of', () => {
    const pace = new PollingPace(1_000);
    expect(pauses(pace, untold, 2)).toEqual([5, 5]);
    expect(pauses(pace, nothing, 9)).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  });

  test('is quick while a writer is open, but a writer that stays open for long costs no more than an idle one', () => {
    const pace = new PollingPace(1_000);
    expect(pauses(pace, writing, 10)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000]);
    expect(pace.next(nothing)).toBe(1_000);
    expect(pace.next(writing)).toBe(5);
    expect(pace.next({ ...writing, hasNews: true, wasHinted: true })).toBe(5);
    expect(pace.next({ ...writing, wasHinted: true })).toBe(5);
    expect(pace.next(told)).toBe(1_000);
  });

  test('is never slower than what it was given, and never at all where every commit is told', () => {
    expect(pauses(new PollingPace(3), untold, 2)).toEqual([3, 3]);
    expect(pauses(new PollingPace(Infinity), untold, 2)).toEqual([Infinity, Infinity]);
  });
});
