import { beforeEach, describe, expect, test } from '@jest/globals';
import { ImportInterrupted, importEvents } from 'annals';
import type { EventStore, ImportProgress, StreamAppend } from 'annals';
import { uuidV7Generator } from '../../../../src/infrastructure/system/uuid-v7-generator.ts';
import { collect } from '../../../../src/infrastructure/testing/contract/expectations.ts';
import { memoryStores } from '../../../support/stores.ts';

function deposit(
  aggregateId: string,
  expectedVersion: StreamAppend['expectedVersion'],
  count = 1,
): StreamAppend {
  const event = (): StreamAppend['events'][number] => ({
    ...{ type: 'account.deposited', payload: { amount: 1 }, eventId: uuidV7Generator.next() },
  });
  const events = Array.from({ length: count }, event);
  return { stream: { aggregateType: 'account', aggregateId }, expectedVersion, events };
}

/* Two streams in turn, so that neither can be joined. */
function inTurn(length: number): StreamAppend[] {
  return Array.from({ length }, (_value, index) =>
    deposit(index % 2 === 0 ? 'a' : 'b', Math.floor(index / 2)),
  );
}

describe('importEvents', () => {
  let events: EventStore;

  beforeEach(async () => {
    events = await memoryStores().openEvents();
  });

  async function stored(): Promise<string[]> {
    return (await collect(events.readFeed())).map(event => `${event.aggregateId}${event.version}`);
  }

  test('keeps the order of the source over all streams and chunks', async () => {
    const seen: ImportProgress[] = [];
    const end = await importEvents(events, inTurn(7), { eventsPerChunk: 3, onProgress: at => seen.push(at) });
    expect(await stored()).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4']);
    expect(seen.map(({ appends }) => appends)).toEqual([3, 6, 7]);
    expect(end).toEqual({ appends: 7, events: 7, repeatedEvents: 0, lastPosition: 7 });
    expect(seen.at(-1)).toEqual(end);
  });

  test('joins neighbours of one stream, and gives what is larger than a chunk a chunk of its own', async () => {
    const sizes: number[] = [];
    const counted: Pick<EventStore, 'appendMany'> = {
      appendMany: async (appends, options) => {
        sizes.push(appends.length);
        return events.appendMany(appends, options);
      },
    };
    const source = [deposit('a', 'none', 2), deposit('a', 2), deposit('a', 'any'), deposit('b', 'none', 9)];
    await importEvents(counted as EventStore, source, { eventsPerChunk: 5 });
    expect(sizes).toEqual([1, 1]);
    expect(await events.streamVersion({ aggregateType: 'account', aggregateId: 'a' })).toBe(4);
    expect(await events.streamVersion({ aggregateType: 'account', aggregateId: 'b' })).toBe(9);
  });

  test('refuses a stream that no store would take instead of joining it to one that looks alike', async () => {
    const to = (aggregateType: string, aggregateId: string): StreamAppend => ({
      ...deposit('', 'any'),
      stream: { aggregateType, aggregateId },
    });
    await expect(importEvents(events, [to('a', 'b/c'), to('a/b', 'c')])).rejects.toMatchObject({
      code: 'import-interrupted',
      progress: { appends: 0, events: 0 },
      cause: { code: 'invalid-identifier', field: 'aggregateType', value: 'a/b' },
    });
    expect(await stored()).toEqual([]);
  });

  test('ends a chunk of large events early, and leaves it to the store to refuse what is no JSON', async () => {
    const large = (aggregateId: string): StreamAppend => {
      const append = deposit(aggregateId, 'none', 4);
      const payload = { text: 'x'.repeat(1_000_000) };
      return { ...append, events: append.events.map(event => ({ ...event, payload, metadata: { a: 1 } })) };
    };
    const seen: ImportProgress[] = [];
    const onProgress = (at: ImportProgress): number => seen.push(at);
    await importEvents(events, ['a', 'b', 'c', 'd', 'e'].map(large), { onProgress });
    expect(seen.map(({ events: count }) => count)).toEqual([8, 16, 20]);
    const bad = { ...deposit('f', 'none'), events: [{ type: 'a.b', payload: { amount: 1n } }] };
    await expect(importEvents(events, [bad])).rejects.toMatchObject({
      cause: { code: 'unserializable-value' },
    });
  });

  test('tells how far it came when a chunk is refused, and stores nothing of that chunk', async () => {
    await events.append(deposit('taken', 'none'));
    const source = [...inTurn(4), deposit('taken', 'none'), ...inTurn(1)];
    const refused = importEvents(events, source, { eventsPerChunk: 2 });
    await expect(refused).rejects.toBeInstanceOf(ImportInterrupted);
    await expect(refused).rejects.toMatchObject({
      code: 'import-interrupted',
      progress: { appends: 4, events: 4 },
      cause: { code: 'stream-version-conflict' },
    });
    expect(await stored()).toEqual(['taken1', 'a1', 'b1', 'a2', 'b2']);
  });

  test('changes nothing when it is repeated with the same ids', async () => {
    const source = inTurn(6);
    await importEvents(events, source, { eventsPerChunk: 4 });
    const again = await importEvents(events, source, { eventsPerChunk: 4 });
    expect(again).toEqual({ appends: 6, events: 6, repeatedEvents: 6, lastPosition: 6 });
    expect(await stored()).toHaveLength(6);
  });

  test('goes on where it was interrupted when everything is imported once more', async () => {
    const source = inTurn(8);
    const half = importEvents(events, failingAfter(source, 5), { eventsPerChunk: 2 });
    await expect(half).rejects.toMatchObject({ cause: { message: 'the file ended early' } });
    const whole = await importEvents(events, source, { eventsPerChunk: 2 });
    expect(whole).toMatchObject({ appends: 8, events: 8, repeatedEvents: 4 });
    expect(await stored()).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4']);
  });

  test('ends after the chunk under way when it is given up', async () => {
    const controller = new AbortController();
    const onProgress = (): void => controller.abort(new Error('enough'));
    const ended = importEvents(events, inTurn(9), {
      eventsPerChunk: 3,
      onProgress,
      signal: controller.signal,
    });
    await expect(ended).rejects.toMatchObject({ progress: { appends: 3 }, cause: { message: 'enough' } });
    expect(await stored()).toHaveLength(3);
  });

  test('stores nothing of an empty source, and refuses a chunk size that makes no sense', async () => {
    expect(await importEvents(events, [])).toEqual({
      appends: 0,
      events: 0,
      repeatedEvents: 0,
      lastPosition: 0,
    });
    for (const eventsPerChunk of [0, -1, 1.5, NaN, 50_001]) {
      await expect(importEvents(events, [], { eventsPerChunk })).rejects.toMatchObject({
        code: 'invalid-append',
      });
    }
  });
});

async function* failingAfter(source: readonly StreamAppend[], count: number): AsyncIterable<StreamAppend> {
  yield* source.slice(0, count);
  throw new Error('the file ended early');
}
