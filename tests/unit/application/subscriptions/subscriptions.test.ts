import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StoreUnavailable, Subscriptions } from 'annals/application';
import type { FeedPage, ReadFeedOptions, SubscribeOptions, TailPage } from 'annals/application';
import type { Recorded } from 'annals';
import { MemoryEventStore } from '../../../../src/infrastructure/memory/memory-event-store.ts';
import { deposits } from '../../../../src/infrastructure/testing/contract/sample-events.ts';
import { eventually } from '../../../support/eventually.ts';

const stream = { aggregateType: 'account', aggregateId: 'a' };
// Four pages, which is the bound of the window.
const heldAtMost = 4_000;

let store: MemoryEventStore;
let subscriptions: Subscriptions;
/* How often the tail has read, and readers for themselves. */
let reads: { tail: number; own: number };
/* Thrown by the reads to come, one each. */
let failures: Error[];
/* Done by the next read of the tail, between its reading and its answer. */
let meanwhile: (() => Promise<void>) | undefined;

beforeEach(() => {
  store = new MemoryEventStore();
  reads = { tail: 0, own: 0 };
  failures = [];
  meanwhile = undefined;
  const fail = (): void => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  };
  subscriptions = new Subscriptions(
    {
      settledPosition: () => store.settledPosition(),
      readStream: (id, options) => store.readStream(id, options),
      async readFeedPage(options?: ReadFeedOptions): Promise<FeedPage> {
        reads.own++;
        fail();
        return store.readFeedPage(options);
      },
    },
    {
      async readTailPage(afterPosition): Promise<TailPage> {
        reads.tail++;
        fail();
        const page = await store.readFeedPage({ afterPosition });
        const act = meanwhile;
        meanwhile = undefined;
        await act?.();
        return { ...page, isWriterOpen: false };
      },
    },
  );
});

afterEach(async () => {
  await subscriptions.close();
  await store[Symbol.asyncDispose]();
});

async function append(count: number, text = ''): Promise<void> {
  const events = deposits(count).map(event => ({ ...event, payload: { ...event.payload, text } }));
  const { lastPosition } = await store.append({ stream, expectedVersion: 'any', events });
  subscriptions.wake(lastPosition);
}

/* Reads in the background and keeps the positions it saw. */
function reader(options: SubscribeOptions = {}): { positions: number[]; ended: Promise<unknown> } {
  const positions: number[] = [];
  const read = async (): Promise<void> => {
    for await (const { position } of subscriptions.subscribe(options)) positions.push(position);
  };
  const ended = read().then(
    () => 'left',
    (error: unknown) => error,
  );
  return { positions, ended };
}

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_value, index) => index + 1);
}

describe('A slow subscriber', () => {
  test('makes nobody hold more than a few pages, next to a fast one that misses nothing', async () => {
    const fast = reader();
    const slow = subscriptions.subscribe()[Symbol.asyncIterator]();
    await append(1);
    expect((await slow.next()).value).toMatchObject({ position: 1 });

    let held = 0;
    for (let round = 1; round <= 100; round++) {
      await append(1_000);
      await eventually('the fast one has it', async () => fast.positions.length === 1 + round * 1_000);
      held = Math.max(held, subscriptions.heldEvents);
    }
    expect(fast.positions).toEqual(oneTo(100_001));
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThanOrEqual(heldAtMost);

    for (let position = 2; position <= 100_001; position++) {
      const { value } = await slow.next();
      if ((value as Recorded).position !== position) expect(value).toMatchObject({ position });
    }
    await append(1);
    expect((await slow.next()).value).toMatchObject({ position: 100_002 });
    await slow.return?.();
  });

  test('makes nobody hold more than some megabytes when events are large', async () => {
    const fast = reader();
    const slow = subscriptions.subscribe()[Symbol.asyncIterator]();
    await append(1);
    await slow.next();
    const large = 'x'.repeat(1_000_000);
    for (let count = 2; count <= 40; count++) {
      await append(1, large);
      await eventually('the fast one has it', async () => fast.positions.length === count);
      // So many fit into 16 Mi characters, and the first small one.
      expect(subscriptions.heldEvents).toBeLessThanOrEqual(17);
    }
    await slow.return?.();
  });

  test('does not make the tail read on while nobody waits for it', async () => {
    const slow = subscriptions.subscribe()[Symbol.asyncIterator]();
    await append(1);
    await slow.next();
    const before = { ...reads };
    for (let round = 0; round < 20; round++) await append(1_000);
    expect(reads).toEqual(before);
    expect(subscriptions.heldEvents).toBeLessThanOrEqual(1);
    await slow.return?.();
  });
});

describe('A subscriber that stopped for a while', () => {
  test('reads for itself what came meanwhile, and then shares the tail again', async () => {
    jest.useFakeTimers({
      doNotFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'queueMicrotask', 'nextTick'],
    });
    const options = { types: ['account.deposited'] };
    const slow = subscriptions.subscribe(options)[Symbol.asyncIterator]();
    await append(1);
    await slow.next();
    for (let round = 0; round < 5; round++) await append(1_000);
    jest.advanceTimersByTime(10_000);
    const before = { ...reads };
    for (let position = 2; position <= 5_001; position++) {
      const { value } = await slow.next();
      if ((value as Recorded).position !== position) expect(value).toMatchObject({ position });
    }
    expect(reads).toEqual({ tail: before.tail, own: before.own + 5 });
    await append(1);
    expect((await slow.next()).value).toMatchObject({ position: 5_002 });
    expect(reads).toEqual({ tail: before.tail + 1, own: before.own + 5 });
    await slow.return?.();
    jest.useRealTimers();
  });
});

describe('The tail', () => {
  test('reads each new page once for all who are caught up, whatever their filters', async () => {
    await append(10);
    const all = Array.from({ length: 20 }, () => reader());
    const others = Array.from({ length: 20 }, () => reader({ types: ['account.closed'] }));
    await eventually('all are caught up', async () => all.every(({ positions }) => positions.length === 10));
    await append(1);
    await eventually('all have it', async () => all.every(({ positions }) => positions.length === 11));
    reads = { tail: 0, own: 0 };
    for (let count = 12; count <= 21; count++) {
      await append(1);
      await eventually('all have it', async () => all.every(({ positions }) => positions.length === count));
    }
    expect(reads).toEqual({ tail: 10, own: 0 });
    for (const { positions } of all) expect(positions).toEqual(oneTo(21));
    for (const { positions } of others) expect(positions).toEqual([]);
  });

  test('hears a wake-up that comes while it reads', async () => {
    const { positions } = reader();
    await append(1);
    await eventually('it is caught up', async () => positions.length === 1);
    meanwhile = () => append(1);
    await append(1);
    await eventually('it has both', async () => positions.length === 3);
    expect(positions).toEqual([1, 2, 3]);
  });

  test('holds nothing once everybody has it, or has left', async () => {
    const leave = new AbortController();
    const { positions, ended } = reader({ signal: leave.signal });
    await append(500);
    await eventually('it is there', async () => positions.length === 500);
    await eventually('it is forgotten', async () => subscriptions.heldEvents === 0);
    leave.abort();
    await expect(ended).resolves.toBe('left');
    const before = { ...reads };
    await append(500);
    expect(reads).toEqual(before);
    expect(subscriptions.heldEvents).toBe(0);
  });
});

describe('A store that is away', () => {
  test('is waited for, and nothing is lost or doubled', async () => {
    await append(2_500);
    const away = (): Error[] => [1, 2, 3].map(() => new StoreUnavailable('The database went away.'));
    failures = away();
    const { positions } = reader();
    await eventually('it caught up', async () => positions.length === 2_500);
    expect(failures).toEqual([]);
    failures = away();
    await append(10);
    await eventually('it goes on', async () => positions.length === 2_510);
    expect(failures).toEqual([]);
    expect(positions).toEqual(oneTo(2_510));
  });

  test('ends no loop but one that fails for good', async () => {
    const failure = new RangeError('no such column');
    failures = [failure];
    await append(1);
    const behind = reader();
    await expect(behind.ended).resolves.toBe(failure);

    const waiting = [reader({ from: 'end' }), reader({ from: 'end' })];
    await eventually('both wait', async () => {
      await append(1);
      return waiting.every(({ positions }) => positions.length > 0);
    });
    failures = [failure];
    await append(1);
    await expect(Promise.all(waiting.map(({ ended }) => ended))).resolves.toEqual([failure, failure]);
  });
});
