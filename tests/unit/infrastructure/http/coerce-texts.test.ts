import { expect, test } from '@jest/globals';
import { coerceTexts } from '../../../../src/infrastructure/http/messages/coerce-texts.ts';

test.each<[string, object, unknown, unknown]>([
  ['a number', { type: 'number' }, '2.5', 2.5],
  ['a number or null', { type: ['number', 'null'] }, '5', 5],
  ['a number or null, as zod writes it', { anyOf: [{ type: 'number' }, { type: 'null' }] }, '5', 5],
  ['a boolean or null', { anyOf: [{ type: 'boolean' }, { type: 'null' }] }, 'true', true],
  [
    'a list of numbers or null',
    { oneOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'null' }] },
    '5',
    [5],
  ],
  ['a number or a text', { type: ['number', 'string'] }, '5', '5'],
  ['a text', { type: 'string' }, '5', '5'],
  ['no number', { type: ['number', 'null'] }, 'many', 'many'],
  ['an empty text', { type: ['number', 'null'] }, '', ''],
  ['anything', {}, '5', '5'],
])('In an address %s is read as the schema says', (_what, schema, text, expected) => {
  expect(coerceTexts({ field: text }, { properties: { field: schema } })).toEqual({ field: expected });
});
