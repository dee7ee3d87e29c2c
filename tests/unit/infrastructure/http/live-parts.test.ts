import { expect, test } from '@jest/globals';
import type { FeedPage } from '../../../../src/application/index.ts';
import type { Recorded } from '../../../../src/domain/index.ts';
import { partsOf } from '../../../../src/infrastructure/http/live/live-parts.ts';

const format = { event: () => 'event', position: (at: number) => `through ${at}`, beat: () => 'beat' };
const options = {
  ...{ from: 0, isWanted: () => true, heartBeatMs: 60_000 },
  signal: new AbortController().signal,
};
const page: FeedPage = { events: [{} as Recorded], throughPosition: 1, isLast: false };

test('A page that fails while a slow reader holds a part is told to that reader, and to nobody else', async () => {
  async function* pages(): AsyncGenerator<FeedPage> {
    yield page;
    throw new Error('The store has gone.');
  }
  const parts = partsOf(pages(), format, options);
  expect(await parts.next()).toEqual({ done: false, value: 'through 0' });
  expect(await parts.next()).toEqual({ done: false, value: 'event' });
  // The next page has failed by now, and the process finds out who listens.
  await new Promise(resolve => setImmediate(resolve));
  expect(await parts.next()).toEqual({ done: false, value: 'through 1' });
  await expect(parts.next()).rejects.toThrow('The store has gone.');
});

test('A first page that fails before anybody asks for it is told to whoever asks', async () => {
  const pages: AsyncIterator<FeedPage> = { next: () => Promise.reject(new Error('The store has gone.')) };
  const parts = partsOf(pages, format, options);
  expect(await parts.next()).toEqual({ done: false, value: 'through 0' });
  await new Promise(resolve => setImmediate(resolve));
  await expect(parts.next()).rejects.toThrow('The store has gone.');
});
