import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  checkBound,
  checkFeedBounds,
  checkFilter,
  checkLimit,
  checkStreamBounds,
  readCursor,
  writeCursor,
} from '../../../../src/application/events/check-query.ts';
import type { EventQuery } from '../../../../src/application/ports/event-store.ts';
import { InvalidQuery } from '../../../../src/application/ports/event-store-errors.ts';
import { checkError } from '../../../../src/infrastructure/testing/contract/expectations.ts';

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    checkError(error, InvalidQuery, { code: 'invalid-query' });
    return (error as Error).message;
  }
  throw new Error('It was not refused.');
}

describe('A limit', () => {
  test('is a whole number from 1 to 10,000', () => {
    expect([1, 100, 10_000].map(limit => checkLimit('limit', limit))).toEqual([1, 100, 10_000]);
    const advice = 'Give a whole number from 1 to 10000.';
    expect(messageOf(() => checkLimit('limit', 0))).toBe(`The limit is 0. ${advice}`);
    expect(messageOf(() => checkLimit('batchSize', 1.5))).toBe(`The batchSize is 1.5. ${advice}`);
    expect(messageOf(() => checkLimit('limit', 'abc' as unknown as number))).toBe(
      `The limit is abc. ${advice}`,
    );
  });
});

describe('A bound', () => {
  test('is a safe integer from the least one', () => {
    expect(checkBound('fromVersion', 0, 0)).toBe(0);
    expect(checkBound('afterPosition', Number.MAX_SAFE_INTEGER, 0)).toBe(Number.MAX_SAFE_INTEGER);
    const message = 'The offset is 1e+21. Give a whole number from 0.';
    expect(messageOf(() => checkBound('offset', 1e21, 0))).toBe(message);
    expect(messageOf(() => checkBound('limit', 0, 1))).toBe('The limit is 0. Give a whole number from 1.');
  });

  test('is checked in stream and feed reads by its own name', () => {
    for (const name of ['fromVersion', 'toVersion', 'limit']) {
      expect(messageOf(() => checkStreamBounds({ [name]: -1 }))).toMatch(`The ${name} is -1.`);
    }
    for (const name of ['afterPosition', 'toPosition', 'batchSize']) {
      expect(messageOf(() => checkFeedBounds({ [name]: -1 }))).toMatch(`The ${name} is -1.`);
    }
  });
});

describe('A time range', () => {
  test('may begin and end at the same time', () => {
    const time = new Date('2026-01-31');
    expect(() => checkFilter({ since: time, until: new Date(time) })).not.toThrow();
  });

  test('is refused when it ends before it begins', () => {
    const [since, until] = [new Date('2026-02-01'), new Date('2026-01-01')];
    expect(messageOf(() => checkFilter({ since, until }))).toBe(
      'The time range is empty: since 2026-02-01T00:00:00.000Z is after until 2026-01-01T00:00:00.000Z. Swap them.',
    );
  });

  test('lies within the years 1 to 9999', () => {
    const [first, last] = [new Date('0001-01-01T00:00:00.000Z'), new Date('9999-12-31T23:59:59.999Z')];
    expect(() => checkFilter({ since: first, until: last })).not.toThrow();
    for (const since of [new Date(first.getTime() - 1), new Date(last.getTime() + 1), new Date(NaN)]) {
      expect(messageOf(() => checkStreamBounds({ since }))).toBe(
        `The time "since" is ${inspect(since)}, which is not a date of the years 1 to 9999. Give a Date, e.g. new Date('2026-01-31').`,
      );
    }
  });
});

describe('A cursor', () => {
  const query: EventQuery = { types: ['a.b'], since: new Date(0), order: 'newest', limit: 5 };

  test('gives back the position it was made for', () => {
    expect(readCursor({ ...query, cursor: writeCursor(query, 281_474_976_710_655) })).toBe(
      281_474_976_710_655,
    );
    expect(readCursor(query)).toBeUndefined();
  });

  test('fits the same query with another limit, or with the fields in another order', () => {
    const cursor = writeCursor(query, 7);
    expect(readCursor({ cursor, limit: 9, order: 'newest', since: new Date(0), types: ['a.b'] })).toBe(7);
    expect(readCursor({ ...query, until: undefined, cursor })).toBe(7);
    expect(readCursor({ cursor: writeCursor({}, 7), order: 'oldest' })).toBe(7);
  });

  test('fits no other query', () => {
    const cursor = writeCursor(query, 7);
    const { since: _since, ...unbounded } = query;
    const others: EventQuery[] = [
      { ...query, order: 'oldest' },
      { ...query, types: ['a.c'] },
      { ...query, since: new Date(1) },
      { ...query, userId: 'ada' },
      unbounded,
    ];
    for (const other of others) {
      expect(messageOf(() => readCursor({ ...other, cursor }))).toBe(
        `The cursor ${JSON.stringify(cursor)} does not belong to this query. ` +
          'Pass nextCursor of the page before, with the same order and filters.',
      );
    }
  });

  test('is refused when anything about it was changed', () => {
    const cursor = writeCursor(query, 1_234);
    const forged = [
      cursor.slice(1),
      cursor.slice(0, -1),
      `0${cursor}`,
      `${cursor} `,
      cursor.replace('.', ''),
      '',
    ];
    for (const bad of [...forged, '7', '7.', writeCursor(query, NaN), writeCursor(query, -1), '1e3.x']) {
      expect(messageOf(() => readCursor({ ...query, cursor: bad }))).toMatch('does not belong to this query');
    }
  });
});
