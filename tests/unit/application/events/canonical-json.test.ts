import { describe, expect, test } from '@jest/globals';
import { canonicalJson } from '../../../../src/application/events/canonical-json.ts';

describe('Canonical JSON', () => {
  test('is the same whatever the order of keys, at any depth', () => {
    const one = { b: [{ y: 1, x: 2 }], a: { d: null, c: 'text' } };
    const other = { a: { c: 'text', d: null }, b: [{ x: 2, y: 1 }] };
    expect(canonicalJson(one)).toBe('{"a":{"c":"text","d":null},"b":[{"x":2,"y":1}]}');
    expect(canonicalJson(other)).toBe(canonicalJson(one));
  });

  test('keeps the order of arrays', () => {
    expect(canonicalJson([2, 1])).not.toBe(canonicalJson([1, 2]));
  });

  test('writes a date as its text', () => {
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });
});
