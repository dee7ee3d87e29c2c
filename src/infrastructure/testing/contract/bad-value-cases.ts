import { equal } from 'node:assert/strict';
import { UnserializableValue } from '../../../application/ports/event-store-errors.ts';
import { defaultJsonLimits } from '../../../application/events/json-text.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

class Money {
  readonly amount = 5;
}

const cycle: { self?: object } = {};
cycle.self = cycle;

/* What JSON would change, lose or refuse; `at` is where, below the value itself. */
const badValues: Record<string, { value: unknown; at?: string }> = {
  NaN: { value: NaN },
  Infinity: { value: Infinity },
  '-Infinity': { value: -Infinity },
  '-0': { value: -0 },
  '2^53': { value: 2 ** 53 },
  '-2^53': { value: -(2 ** 53) },
  '1e300': { value: 1e300 },
  'a bigint': { value: 10n },
  'a function': { value: () => 1 },
  'a symbol': { value: Symbol('s') },
  'undefined in an array': { value: [1, undefined], at: '[1]' },
  'a hole in an array': { value: Array(1), at: '[0]' },
  'a bad value deep inside': { value: { lines: [{}, { 'unit price': NaN }] }, at: '.lines[1]["unit price"]' },
  'a cycle': { value: cycle, at: '.self' },
  'a date': { value: new Date(0) },
  'an invalid date': { value: new Date(NaN) },
  'a map': { value: new Map([['a', 1]]) },
  'a set': { value: new Set([1]) },
  'a typed array': { value: new Uint8Array([1]) },
  'a buffer': { value: Buffer.from('a') },
  'a class instance': { value: new Money() },
  'a boxed number': { value: new Number(1) },
  'a regular expression': { value: /a/ },
  'a toJSON that lies': { value: { amount: 1, toJSON: () => ({ amount: 2 }) } },
  'an array with a toJSON that lies': { value: Object.assign([1], { toJSON: () => [2] }) },
  'a getter that throws': { value: { get price() { throw new Error('no price'); } }, at: '.price' }, // prettier-ignore
  'a field named __proto__': { value: JSON.parse('{"__proto__":{"admin":true}}'), at: '.__proto__' },
  'a field named constructor': { value: { constructor: 1 }, at: '.constructor' },
  'a field named prototype': { value: { prototype: 1 }, at: '.prototype' },
};

const badRoots: Record<string, unknown> = {
  null: null,
  undefined: undefined,
  'a text': 'text',
  'a number': 1,
  'an array': [1],
  'a date': new Date(0),
  'a map': new Map([['a', 1]]),
  'a set': new Set([1]),
  'a typed array': new Uint8Array([1]),
  'a boxed text': new String('text'),
  'a promise': Promise.resolve(1),
  'an error': new Error('no'),
  'a regular expression': /a/,
  'a weak map': new WeakMap(),
};

const { maxBytes, maxDepth } = defaultJsonLimits;

/** Values that JSON would not give back: refused with the event type and the path. */
export const badValueCases = storeCases({
  ...Object.fromEntries(
    Object.entries(badValues).flatMap(([shown, { value, at = '' }]) => [
      [`refuses ${shown} in a payload`, refusesPayload({ note: 'good', value }, `payload.value${at}`)],
      [`refuses ${shown} in metadata`, refusesMetadata({ note: 'good', value }, `metadata.value${at}`)],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(badRoots).map(([shown, root]) => [
      `refuses ${shown} as a payload`,
      refusesPayload(root, 'payload'),
    ]),
  ),
  'refuses a map as metadata': refusesMetadata(new Map([['a', 1]]), 'metadata'),
  'refuses an array as metadata': refusesMetadata([1], 'metadata'),

  [`stores a payload of ${maxBytes} bytes`]: async subject => {
    await subject.append(subject.stream(), [deposited(1, { payload: ofBytes(maxBytes) })]);
    await subject.append(subject.stream(), [deposited(1, { payload: ofBytes(maxBytes, 'é') })]);
    await subject.checkStored();
  },
  [`refuses a payload of ${maxBytes + 1} bytes`]: refusesPayload(ofBytes(maxBytes + 1), 'payload'),
  [`refuses a payload of ${maxBytes + 2} bytes in fewer characters`]: refusesPayload(
    ofBytes(maxBytes + 2, 'é'),
    'payload',
  ),
  [`refuses metadata of ${maxBytes + 1} bytes`]: refusesMetadata(ofBytes(maxBytes + 1), 'metadata'),
  'refuses a text of 10 MB': refusesPayload({ text: 'x'.repeat(10_000_000) }, 'payload'),
  'refuses an array of a million entries': refusesPayload({ list: Array(1_000_000).fill(0) }, 'payload'),

  [`stores a payload of ${maxDepth} levels`]: async subject => {
    await subject.append(subject.stream(), [deposited(1, { payload: ofDepth(maxDepth) })]);
    await subject.checkStored();
  },
  [`refuses a payload of ${maxDepth + 1} levels`]: refusesPayload(
    ofDepth(maxDepth + 1),
    `payload${'.inner'.repeat(maxDepth)}`,
  ),
  'refuses a payload of 10,000 levels': refusesPayload(
    ofDepth(10_000),
    `payload${'.inner'.repeat(maxDepth)}`,
  ),
  'refuses a field name of 10,000 characters': refusesPayload(
    { ['x'.repeat(10_000)]: 1 },
    `payload["${'x'.repeat(57)}..."]`,
  ),
});

function refusesPayload(payload: unknown, path: string): CaseBody {
  return async subject => {
    await checkUnserializable(subject, { payload: payload as object }, path);
  };
}

function refusesMetadata(metadata: unknown, path: string): CaseBody {
  return async subject => {
    await checkUnserializable(subject, { metadata: metadata as Record<string, unknown> }, path);
  };
}

/* Neither the bad event is stored nor its good neighbour, and an append at the same time is not disturbed. */
async function checkUnserializable(
  subject: StoreUnderTest,
  bad: { readonly payload?: object; readonly metadata?: Readonly<Record<string, unknown>> },
  path: string,
): Promise<void> {
  const events = [deposited(1), { ...deposited(2), type: 'account.spoilt', ...bad }];
  const stream = subject.stream('bad');
  const refused = subject.store.append({ stream, expectedVersion: 'any', events });
  const good = subject.append(subject.stream('neighbour'), deposits(2));
  await checkRefused(() => refused, UnserializableValue, {
    ...{ code: 'unserializable-value', eventType: 'account.spoilt', path },
  });
  await good;
  equal(await subject.store.streamVersion(stream), 0);
  await subject.checkStored();
}

/* An object whose JSON has exactly so many bytes of UTF-8. */
function ofBytes(bytes: number, character = 'x'): { text: string } {
  const size = Buffer.byteLength(character);
  const left = bytes - '{"text":""}'.length;
  return { text: character.repeat(Math.floor(left / size)).padEnd(Math.floor(left / size) + (left % size)) };
}

function ofDepth(levels: number): object {
  let value: object = {};
  for (let level = 1; level < levels; level++) value = { inner: value };
  return value;
}
