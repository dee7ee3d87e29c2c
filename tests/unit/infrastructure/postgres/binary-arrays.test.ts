import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import {
  boolArray,
  int2Array,
  int4Array,
  int8Array,
  jsonArray,
  textArray,
  timestamptzArray,
  uuidArray,
} from '../../../../src/infrastructure/postgres/binary-arrays.ts';
import { postgresUrl } from '../../../support/stores.ts';

let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: postgresUrl() });
  await client.connect();
});

afterAll(() => client.end());

/* What PostgreSQL makes of it: one text an element, and the array's own count. */
async function read(type: string, array: Buffer): Promise<(string | null)[]> {
  const sql = `select coalesce(array_agg(e::text order by n), '{}') as elements, cardinality($1::${type}[]) as count
    from unnest($1::${type}[]) with ordinality as u (e, n)`;
  const { rows } = await client.query<{ elements: (string | null)[]; count: number }>(sql, [array]);
  expect(rows[0]!.count).toBe(rows[0]!.elements.length);
  return rows[0]!.elements;
}

describe('A binary array', () => {
  const empty: Record<string, Buffer> = {
    ...{ int2: int2Array([]), int4: int4Array([]), int8: int8Array([]), boolean: boolArray([]) },
    ...{ text: textArray([]), json: jsonArray([]), uuid: uuidArray([]), timestamptz: timestamptzArray([]) },
  };

  for (const [type, array] of Object.entries(empty)) {
    test(`of ${type} may be empty`, async () => {
      expect(await read(type, array)).toEqual([]);
    });
  }

  test('carries integers of every size to their bounds', async () => {
    const [small, normal, large] = [
      [-32_768, -1, 0, 1, 32_767],
      [-2_147_483_648, -2, 0, 2_147_483_647],
      [Number.MIN_SAFE_INTEGER, -1, 0, 2 ** 32, Number.MAX_SAFE_INTEGER],
    ] as const;
    expect(await read('int2', int2Array(small))).toEqual(small.map(String));
    expect(await read('int4', int4Array(normal))).toEqual(normal.map(String));
    expect(await read('int8', int8Array(large))).toEqual(large.map(String));
  });

  test('refuses integers that do not fit, instead of cutting them', () => {
    expect(() => int2Array([32_768])).toThrow('out of range');
    expect(() => int4Array([2_147_483_648])).toThrow('out of range');
    expect(() => int8Array([1.5])).toThrow('cannot be converted to a BigInt');
  });

  test('carries booleans', async () => {
    expect(await read('boolean', boolArray([true, false, true]))).toEqual(['true', 'false', 'true']);
  });

  test('carries texts of any script, empty ones, quotes and nulls', async () => {
    const texts = [
      '',
      null,
      'NULL',
      '{a,b}',
      '"\\\'',
      'é 数据 עברית 🔑',
      ' ',
      '\n',
      null,
      'x'.repeat(100_000),
    ];
    expect(await read('text', textArray(texts))).toEqual(texts);
    expect(await read('text', textArray([null, null]))).toEqual([null, null]);
  });

  test('carries JSON texts to the letter', async () => {
    const texts = ['{"b":1, "a" : 1.0}', null, '[]', '"🔑"', 'null', '{"a":1,"a":2}'];
    expect(await read('json', jsonArray(texts))).toEqual(texts);
  });

  test('carries uuids, in either case of letters', async () => {
    const uuids = ['0198f0f0-7b3c-7d1e-8a2b-0123456789ab', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'];
    const expected = uuids.map(uuid => uuid.toLowerCase());
    expect(await read('uuid', uuidArray(uuids))).toEqual(expected);
  });

  test('carries times to the millisecond, before 1970 and 2000 too', async () => {
    const times = ['0001-01-01T00:00:00.001Z', '1969-12-31T23:59:59.999Z', '1999-12-31T23:59:59.999Z'];
    times.push('2000-01-01T00:00:00.000Z', '2026-01-31T12:34:56.789Z', '9999-12-31T23:59:59.999Z');
    await client.query(`set time zone 'Asia/Kathmandu'`);
    const array = timestamptzArray(times.map(time => Date.parse(time)));
    const { rows } = await client.query<{ ms: string[] }>(
      'select array_agg((extract(epoch from t) * 1000)::bigint::text order by n) as ms from unnest($1::timestamptz[]) with ordinality u (t, n)',
      [array],
    );
    expect(rows[0]!.ms.map(ms => new Date(Number(ms)).toISOString())).toEqual(times);
  });

  test('carries a hundred thousand elements', async () => {
    const numbers = Array.from({ length: 100_000 }, (_number, index) => index);
    const sql = 'select count(*)::int as count, sum(e)::text as sum from unnest($1::int4[]) e';
    const { rows } = await client.query(sql, [int4Array(numbers)]);
    expect(rows).toEqual([{ count: 100_000, sum: '4999950000' }]);
  });
});
