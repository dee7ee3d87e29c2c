import { describe, expect, test } from '@jest/globals';
import type { Recorded } from 'annals';
import { StoredEvent } from '../../../../src/application/events/stored-event.ts';
import { EventLookups } from '../../../../src/infrastructure/postgres/event-lookups.ts';

function event(eventId: string): Recorded {
  const place = { position: 1, version: 1, schemaVersion: 1, aggregateType: 'account', aggregateId: 'a' };
  const origin = { correlationId: null, causationId: null, userId: null, actor: 'system' };
  const content = { payloadJson: '{"amount":5}', metadataJson: null, recordedAtMs: 0 };
  return new StoredEvent({ eventId, type: 'account.deposited', ...place, ...origin, ...content });
}

describe('Look-ups by id', () => {
  test('share a query if they come together, and each gets its own event', async () => {
    const queries: (readonly string[])[] = [];
    const lookups = new EventLookups(async ids => {
      queries.push(ids);
      return [event('b'), event('a')];
    });
    const found = await Promise.all([
      lookups.get('a'),
      lookups.get('B'),
      lookups.get('none'),
      lookups.get('a'),
    ]);
    expect(found.map(one => one?.eventId)).toEqual(['a', 'b', undefined, 'a']);
    expect(queries).toEqual([['a', 'b', 'none']]);
    (found[0]!.payload as { amount: number }).amount = 6;
    expect(found[3]!.payload).toEqual({ amount: 5 });
  });

  test('do not wait for a query that was sent before', async () => {
    let answer = (): void => undefined;
    const first = new Promise<void>(resolve => (answer = resolve));
    const queries: (readonly string[])[] = [];
    const lookups = new EventLookups(async ids => {
      queries.push(ids);
      if (queries.length === 1) await first;
      return ids.map(event);
    });
    const slow = lookups.get('a');
    await new Promise(resolve => setImmediate(resolve));
    await expect(lookups.get('b')).resolves.toMatchObject({ eventId: 'b' });
    answer();
    await expect(slow).resolves.toMatchObject({ eventId: 'a' });
  });

  test('fail together', async () => {
    const lookups = new EventLookups(async () => Promise.reject(new Error('away')));
    await expect(Promise.allSettled([lookups.get('a'), lookups.get('b')])).resolves.toMatchObject([
      { reason: { message: 'away' } },
      { reason: { message: 'away' } },
    ]);
  });
});
