import { describe, expect, test } from '@jest/globals';
import { eventIdFromKey, isUuid } from '../../../../src/application/events/event-id.ts';

describe('isUuid', () => {
  test('takes uuids of any version and case', () => {
    expect(isUuid('0198f0f0-7b3c-7d1e-8a2b-0123456789ab')).toBe(true);
    expect(isUuid('0198F0F0-7B3C-4D1E-8A2B-0123456789AB')).toBe(true);
    expect(isUuid('00000000-0000-0000-0000-000000000000')).toBe(true);
  });

  test('takes nothing else', () => {
    const uuid = '0198f0f0-7b3c-7d1e-8a2b-0123456789ab';
    const others = [
      '',
      uuid.slice(1),
      `${uuid}0`,
      ` ${uuid}`,
      `${uuid}\n`,
      `{${uuid}}`,
      uuid.replaceAll('-', ''),
    ];
    for (const other of [...others, uuid.replace('a', 'g'), 7, null, undefined, [uuid]]) {
      expect(isUuid(other)).toBe(false);
    }
  });
});

describe('The event id of an idempotency key', () => {
  // Fixed for ever: a repetition after an upgrade must find the first append.
  test('is the same in every process and release', () => {
    expect(eventIdFromKey('order-7', 0)).toBe('9533bf56-1fee-8b06-b847-fb5713215e73');
    expect(eventIdFromKey('order-7', 1)).toBe('479af1d2-3908-824d-a552-8ee72a47d7fa');
    expect(eventIdFromKey('ключ 🔑', 49_999)).toBe('a75c5e91-18dc-8bf5-9e2d-2ab50c80791e');
  });

  test('is a uuid of version 8', () => {
    for (let index = 0; index < 100; index++) {
      const id = eventIdFromKey('key', index);
      expect(isUuid(id)).toBe(true);
      expect(id).toMatch(/^.{14}8.{4}[89ab]/);
    }
  });

  test('differs for each key and place', () => {
    const keys = ['a', 'b', '1:a', '1', '11', ''];
    const ids = keys.flatMap(key => [0, 1, 11].map(index => eventIdFromKey(key, index)));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
