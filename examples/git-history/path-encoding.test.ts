import { describe, expect, test } from '@jest/globals';
import { prepareAppend } from 'annals';
import fc from 'fast-check';
import { decodePath, encodePath, fileIdOf, readTypedPath } from './path-encoding.ts';

const roughBytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map(bytes => Buffer.from(bytes));
const roughText = fc.string({ unit: 'binary', minLength: 1 }).map(text => Buffer.from(text));
const pieces = fc.constantFrom(
  '%',
  '%4',
  '%41',
  'sha256:',
  ' ',
  '\n',
  '\u00a0',
  '\u202e',
  '\ufffd',
  'é',
  '/',
);
const trickyText = fc.array(pieces, { minLength: 1 }).map(parts => Buffer.from(parts.join('')));
const longPath = roughText.map(text => Buffer.concat(Array.from({ length: 400 }, () => text)));
const paths = fc.oneof(roughBytes, roughText, trickyText, longPath);

/* What an append checks before it is sent. */
function checkId(aggregateId: string): void {
  const stream = { aggregateType: 'file', aggregateId };
  const preparation = { clock: { now: () => new Date(0) }, ids: { next: () => '' } };
  prepareAppend([{ stream, expectedVersion: 'any', events: [] }], {}, preparation);
}

describe('encodePath', () => {
  test('can be undone for any bytes', () => {
    fc.assert(fc.property(paths, path => decodePath(encodePath(path)).equals(path)));
  });

  test('makes ids that a store takes', () => {
    fc.assert(fc.property(paths, path => checkId(fileIdOf(encodePath(path)))));
  });

  test.each([
    ['src/main.ts', 'src/main.ts'],
    ['päth/✓ 😀.txt', 'päth/✓ 😀.txt'],
    ['100%', '100%25'],
    ['a\nb\tc', 'a%0Ab%09c'],
    ['\u200bhidden', '%E2%80%8Bhidden'],
    ['  ', '%20 '],
    [' x', ' x'],
    ['sha256:ab', '%73ha256:ab'],
    ['\ufffd', '\ufffd'],
  ])('writes %j as %j', (path, encoded) => {
    expect(encodePath(Buffer.from(path))).toBe(encoded);
  });

  test('escapes only the bytes that are not UTF-8', () => {
    expect(encodePath(Buffer.from('caf\xe9/\xc3\xa9\xff', 'latin1'))).toBe('caf%E9/é%FF');
  });
});

describe('fileIdOf', () => {
  test('is the path itself up to 1,024 bytes, and a hash beyond', () => {
    expect(fileIdOf('é'.repeat(512))).toBe('é'.repeat(512));
    expect(fileIdOf('é'.repeat(512) + 'x')).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('never takes a real path for a hash', () => {
    const path = Buffer.from(fileIdOf('x'.repeat(2_000)));
    expect(fileIdOf(encodePath(path))).not.toBe(path.toString());
  });
});

describe('readTypedPath', () => {
  test('takes a path as it is printed', () => {
    fc.assert(fc.property(paths, path => readTypedPath(encodePath(path)) === encodePath(path)));
  });

  test.each([
    ['50%', '50%25'],
    ['a%2fb', 'a%252fb'],
    ['a\tb', 'a%09b'],
  ])('takes %j for the name of a file, which is printed as %j', (typed, encoded) => {
    expect(readTypedPath(typed)).toBe(encoded);
  });
});
