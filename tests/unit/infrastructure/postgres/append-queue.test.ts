import { describe, expect, test } from '@jest/globals';
import type { AppendUnit } from '../../../../src/infrastructure/postgres/append-call.ts';
import { AppendQueue } from '../../../../src/infrastructure/postgres/append-queue.ts';
import { eventually } from '../../../support/eventually.ts';

/* An append of 20 million characters; the queue holds 64 million. */
const payloadJson = 'x'.repeat(20_000_000);

function largeUnit(): AppendUnit {
  const event = {
    ...{ eventId: 'id', type: 'account.changed', schemaVersion: 1, payloadJson, metadataJson: null },
    ...{ correlationId: null, causationId: null, userId: null, actor: 'system' },
  };
  const stream = { aggregateType: 'account', aggregateId: 'acc-1' };
  const write = { stream, expectedVersion: 'any' as const, events: [event], claim: [], release: [] };
  return {
    prepared: { writes: [write], commands: [], recordedAtMs: 0, mayRepeat: false, idBehind: null },
    probe: false,
  };
}

/* Fills a queue within one turn of the event loop, before it sends anything. */
function fullQueue(): { queue: AppendQueue; end: AbortController } {
  const queue = new AppendQueue(async units => units.map(() => ({ status: 'again' })));
  const end = new AbortController();
  for (let index = 0; index < 4; index++) queue.submit(largeUnit(), end.signal).catch(() => undefined);
  return { queue, end };
}

describe('AppendQueue when it is full', () => {
  test('lets an append that waits for room give up at once', async () => {
    const { queue } = fullQueue();
    const impatient = new AbortController();
    const waiting = queue.submit(largeUnit(), impatient.signal);
    impatient.abort(new Error('no patience'));
    await expect(waiting).rejects.toThrow('no patience');
    await expect(queue.submit(largeUnit(), impatient.signal)).rejects.toThrow('no patience');
  });

  test('counts those who wait for room, and refuses more than memory should hold', async () => {
    const { queue, end } = fullQueue();
    const outside = Array.from({ length: 10 }, () =>
      queue.submit(largeUnit(), end.signal).catch(() => 'given up'),
    );
    expect(queue.activity).toMatchObject({ appendsWaiting: 14, callsInFlight: 0 });
    await expect(queue.submit(largeUnit(), undefined)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('14 appends wait already, so nothing of this one was stored.'),
    });
    end.abort();
    await expect(Promise.all(outside)).resolves.toEqual(outside.map(() => 'given up'));
    expect(queue.activity).toMatchObject({ appendsWaiting: 0 });
  });

  test('has room again when appends that wait are given up', async () => {
    const { queue, end } = fullQueue();
    const waiting = queue.submit(largeUnit(), undefined);
    end.abort();
    await expect(waiting).resolves.toEqual({ status: 'again' });
  });
});

describe('AppendQueue as it shows itself', () => {
  const resting = { appendsWaiting: 0, callsInFlight: 0, appendsStillMs: 0 };

  test('stands still from the first append after a rest, not from the last call before it', async () => {
    let answer = (): void => undefined;
    const answered = new Promise<void>(resolve => (answer = resolve));
    const queue = new AppendQueue(async units => {
      await answered;
      return units.map(() => ({ status: 'again' }));
    });
    expect(queue.activity).toEqual(resting);

    const startedAtMs = performance.now();
    const outcome = queue.submit(largeUnit(), undefined);
    expect(queue.activity).toMatchObject({ appendsWaiting: 1, callsInFlight: 0 });
    expect(queue.activity.appendsStillMs).toBeLessThanOrEqual(performance.now() - startedAtMs);
    await eventually('it is sent', async () => queue.activity.callsInFlight === 1);
    await eventually('time passes', async () => queue.activity.appendsStillMs > 5);

    answer();
    await outcome;
    await eventually('it rests', async () => queue.activity.callsInFlight === 0);
    expect(queue.activity).toEqual(resting);
  });
});
