import { describe, expect, test } from '@jest/globals';
import { defaultJsonLimits, toJsonText } from '../../../../src/application/events/json-text.ts';
import type { JsonLimits } from '../../../../src/application/events/json-text.ts';
import { UnserializableValue } from '../../../../src/application/ports/event-store-errors.ts';
import { checkError } from '../../../../src/infrastructure/testing/contract/expectations.ts';

function refusal(value: unknown, limits?: JsonLimits): UnserializableValue {
  try {
    toJsonText(value as object, 'account.opened', 'payload', limits);
  } catch (error) {
    if (error instanceof UnserializableValue) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

/* Every field of the error, and its whole message. */
function checkRefused(value: unknown, path: string, problem: string, limits?: JsonLimits): void {
  const error = refusal(value, limits);
  checkError(error, UnserializableValue, {
    ...{ code: 'unserializable-value', eventType: 'account.opened', path },
  });
  expect(error.message).toBe(`account.opened: ${path} ${problem}`);
}

describe('The JSON text of a payload', () => {
  test('is what JSON.stringify gives', () => {
    const payload = { b: 1, a: [null, true, 'x', { c: '' }], nothing: undefined };
    expect(toJsonText(payload, 'account.opened', 'payload')).toBe('{"b":1,"a":[null,true,"x",{"c":""}]}');
  });

  test('is that of the fields of a class instance', () => {
    class Opened {
      readonly owner = 'Ada';
      get shout(): string {
        return this.owner.toUpperCase();
      }
    }
    expect(toJsonText(new Opened(), 'account.opened', 'payload')).toBe('{"owner":"Ada"}');
  });

  test('takes objects without a prototype, at the root and inside', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(toJsonText({ bare }, 'account.opened', 'payload')).toBe('{"bare":{"a":1}}');
    expect(toJsonText(bare, 'account.opened', 'payload')).toBe('{"a":1}');
  });

  test('takes an object that occurs twice without containing itself', () => {
    const shared = { a: 1 };
    expect(toJsonText({ x: shared, y: [shared, shared] }, 'account.opened', 'payload')).toBe(
      '{"x":{"a":1},"y":[{"a":1},{"a":1}]}',
    );
  });
});

describe('A refusal', () => {
  test('says what is wrong with a number', () => {
    checkRefused({ a: NaN }, 'payload.a', 'is NaN, which JSON cannot carry. Use null or a text.');
    checkRefused({ a: -0 }, 'payload.a', 'is -0, which JSON stores as 0. Use 0.');
    const problem = 'is 9007199254740992, beyond 2^53 where integers lose digits. Store it as a text.';
    checkRefused({ a: 2 ** 53 }, 'payload.a', problem);
  });

  test('says what to do with values that JSON cannot carry', () => {
    checkRefused({ a: 1n }, 'payload.a', 'is a bigint, which JSON cannot carry. Store it as a text.');
    checkRefused({ a: () => 1 }, 'payload.a', 'is a function, which JSON cannot carry. Leave it out.');
    checkRefused({ a: Symbol('s') }, 'payload.a', 'is a symbol, which JSON cannot carry. Leave it out.');
  });

  test('tells a hole in an array from undefined', () => {
    checkRefused(
      { a: [1, undefined] },
      'payload.a[1]',
      'is undefined, which JSON turns into null. Use null.',
    );
    checkRefused({ a: Array(2) }, 'payload.a[0]', 'is a hole, which JSON turns into null. Use null.');
  });

  test('says how to declare an instance', () => {
    class Money {
      readonly amount = 1;
    }
    const advice = 'Declare the field with @Type(() => Money) of class-transformer, or store plain data.';
    checkRefused(
      { price: new Money() },
      'payload.price',
      `is a Money, which would not come back as one. ${advice}`,
    );
  });

  test('writes the path as code would, and cuts long names', () => {
    const value = { 'unit price': [{ ok_1: { $x: { ключ: { '': NaN } } } }] };
    expect(refusal(value).path).toBe('payload["unit price"][0].ok_1.$x.ключ[""]');
    expect(refusal({ ['x'.repeat(61)]: NaN }).path).toBe(`payload["${'x'.repeat(57)}..."]`);
    expect(refusal({ ['x'.repeat(60)]: NaN }).path).toBe(`payload.${'x'.repeat(60)}`);
  });

  test('names the root when the root is wrong', () => {
    const problem = 'is not an object. Give an object with named fields.';
    for (const root of [null, undefined, 1, 'text', [1]]) checkRefused(root, 'payload', problem);
  });

  test.each<[string, object]>([
    ['Promise', Promise.resolve(1)],
    ['RangeError', new RangeError('no')],
    ['RegExp', /a/],
    ['WeakMap', new WeakMap()],
    ['WeakSet', new WeakSet()],
    ['URL', new URL('http://localhost')],
    ['URLSearchParams', new URLSearchParams('a=1')],
    ['Date', new Date(0)],
    ['Map', new Map([['a', 1]])],
    ['Buffer', Buffer.from('a')],
    ['Number', new Number(1)],
  ])('names the root when it is a %s, of which JSON would keep nothing', (name, root) => {
    const problem = `is a ${name}, of which JSON keeps no content. Give an object with named fields.`;
    checkRefused(root, 'payload', problem);
  });

  test('finds a toJSON of an object and of an array', () => {
    const problem = 'has a toJSON method, so that what is stored is not what it shows. Give plain data.';
    const toJSON = (): string => 'another';
    checkRefused({ toJSON }, 'payload', problem);
    checkRefused({ list: Object.assign([1], { toJSON }) }, 'payload.list', problem);
  });

  test('keeps the error of a getter that threw as its cause', () => {
    const cause = new Error('no price');
    const thrower = { get price(): never { throw cause; } }; // prettier-ignore
    checkRefused(
      { line: thrower },
      'payload.line.price',
      'has a field that threw while it was read. Give plain data.',
    );
    expect(refusal({ line: thrower }).cause).toBe(cause);
  });

  test('finds text that PostgreSQL refuses, wherever it is', () => {
    const problem = 'contains a NUL character, which PostgreSQL refuses. Remove it.';
    checkRefused({ ok: '\\u0000', list: ['a', 'b\u0000'] }, 'payload.list[1]', problem);
    checkRefused({ a: '\udc00' }, 'payload.a', 'contains half a surrogate pair. Repair the text.');
    checkRefused({ 'a\ud800': 1 }, 'payload["a\\ud800"]', 'contains half a surrogate pair. Repair the text.');
  });
});

describe('The limits of a payload', () => {
  const advice = 'Store large content elsewhere and its address here.';

  test('count bytes, not characters', () => {
    const limits = { ...defaultJsonLimits, maxBytes: 12 };
    expect(toJsonText({ a: 'éé' }, 'account.opened', 'payload', limits)).toBe('{"a":"éé"}');
    checkRefused({ a: 'ééx' }, 'payload', `has 13 bytes, and 12 is the limit. ${advice}`, limits);
  });

  test('count the root as the first level', () => {
    const limits = { ...defaultJsonLimits, maxDepth: 3 };
    expect(toJsonText({ a: [{}] }, 'account.opened', 'payload', limits)).toBe('{"a":[{}]}');
    checkRefused({ a: [{ b: [] }] }, 'payload.a[0].b', 'is more than 3 levels deep. Flatten it.', limits);
  });

  test('are 1 MiB and 100 levels', () => {
    expect(defaultJsonLimits).toEqual({ maxBytes: 1_048_576, maxDepth: 100 });
  });
});
