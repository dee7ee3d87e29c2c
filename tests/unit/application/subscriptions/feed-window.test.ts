import { describe, expect, test } from '@jest/globals';
import { StoredEvent } from 'annals';
import type { Recorded } from 'annals';
import { FeedWindow, feedMatcher } from '../../../../src/application/subscriptions/feed-window.ts';

const all = { matches: feedMatcher({}), batchSize: 1_000 };

function eventAt(position: number): Recorded {
  return new StoredEvent({
    ...{ eventId: `e-${position}`, type: 'account.opened', schemaVersion: 1 },
    ...{ aggregateType: 'account', aggregateId: 'a', version: position, position, recordedAtMs: 0 },
    ...{ correlationId: null, causationId: null, userId: null, actor: null },
    ...{ payloadJson: '{}', metadataJson: null },
  });
}

function fill(window: FeedWindow, afterPosition: number, positions: number[], throughPosition: number): void {
  window.add(afterPosition, { events: positions.map(eventAt), throughPosition, isLast: true });
}

function take(window: FeedWindow, after: number, batchSize = 1_000): unknown {
  const page = window.take(after, { ...all, batchSize });
  return page && [page.events.map(event => event.position), page.throughPosition, page.isLast];
}

describe('The window of the tail', () => {
  test('gives what follows a position, over all its pages, and nothing to who is elsewhere', () => {
    const window = new FeedWindow();
    expect(take(window, 10)).toBeUndefined();
    fill(window, 10, [11, 13], 15);
    fill(window, 15, [16], 16);
    fill(window, 16, [], 20);
    expect(take(window, 9)).toBeUndefined();
    expect(take(window, 10)).toEqual([[11, 13, 16], 20, true]);
    expect(take(window, 11)).toEqual([[13, 16], 20, true]);
    expect(take(window, 14)).toEqual([[16], 20, true]);
    expect(take(window, 17)).toEqual([[], 20, true]);
    expect(take(window, 20)).toBeUndefined();
    expect(take(window, 21)).toBeUndefined();
  });

  test('stops at the last event of a full batch', () => {
    const window = new FeedWindow();
    fill(window, 10, [11, 13], 15);
    fill(window, 15, [16], 16);
    expect(take(window, 10, 1)).toEqual([[11], 11, false]);
    expect(take(window, 10, 2)).toEqual([[11, 13], 13, false]);
    expect(take(window, 10, 3)).toEqual([[11, 13, 16], 16, true]);
    expect(take(window, 13, 1)).toEqual([[16], 16, true]);
  });

  test('never bridges a gap', () => {
    const window = new FeedWindow();
    fill(window, 10, [11, 13], 15);
    fill(window, 20, [21], 21);
    expect(take(window, 10)).toBeUndefined();
    expect(take(window, 15)).toBeUndefined();
    expect(take(window, 20)).toEqual([[21], 21, true]);
    expect(window.size).toBe(1);
  });
});
