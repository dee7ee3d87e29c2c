import { describe, expect, test } from '@jest/globals';
import type { FeedPage } from 'annals';
import { RecentPages } from '../../../../src/application/subscriptions/recent-pages.ts';

function pageThrough(throughPosition: number, isLast = false): FeedPage {
  return { events: [], throughPosition, isLast };
}

/* Counts its calls. */
function reading(page: FeedPage): { read: () => Promise<FeedPage>; times: number } {
  const reading = { times: 0, read: async () => ((reading.times += 1), page) };
  return reading;
}

describe('Pages that were read a moment ago', () => {
  test('are read once for readers that go the same way', async () => {
    const recent = new RecentPages();
    const source = reading(pageThrough(10));
    const both = await Promise.all([recent.read('a', source.read), recent.read('a', source.read)]);
    await expect(recent.read('a', source.read)).resolves.toEqual(both[0]);
    expect(both[0]).toEqual(both[1]);
    expect(source.times).toBe(1);
  });

  test('are read anew at the end of the feed, where more may have come', async () => {
    const recent = new RecentPages();
    const source = reading(pageThrough(10, true));
    await recent.read('a', source.read);
    await recent.read('a', source.read);
    expect(source.times).toBe(2);
  });

  test('are read anew after a failure', async () => {
    const recent = new RecentPages();
    await expect(recent.read('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await expect(recent.read('a', async () => pageThrough(3))).resolves.toEqual(pageThrough(3));
  });

  test('are few', async () => {
    const recent = new RecentPages();
    const first = reading(pageThrough(1));
    await recent.read('first', first.read);
    for (let page = 0; page < 6; page++) await recent.read(`p${page}`, async () => pageThrough(page));
    await recent.read('first', first.read);
    expect(first.times).toBe(2);
  });
});
