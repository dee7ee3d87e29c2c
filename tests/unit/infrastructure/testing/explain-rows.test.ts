import { expect, test } from '@jest/globals';
import { explainTable } from '../../../../src/infrastructure/testing/projections/explain-rows.ts';

const any: unknown = expect.anything();
const number: unknown = expect.any(Number);

test('A pattern among expected rows makes room for a row that fits nothing else', () => {
  expect(explainTable('t', [{ a: any }, { a: 1 }], [{ a: 1 }, { a: 2 }])).toBeUndefined();
  expect(
    explainTable('t', [{ a: any }, { a: number }, { a: 1 }], [{ a: 1 }, { a: 2 }, { a: 'x' }]),
  ).toBeUndefined();
  expect(explainTable('t', [{ a: 1 }, { a: 1 }], [{ a: 1 }, { a: 1 }])).toBeUndefined();
});

test('A row too many or too few is told', () => {
  expect(explainTable('t', [{ a: 1 }, { a: 1 }], [{ a: 1 }])).toContain('- { a: 1 }');
  expect(explainTable('t', [{ a: any }], [{ a: 1 }, { a: 2 }])).toContain('+ { a: 2 }');
  expect(explainTable('t', [{ a: number }, { a: number }], [{ a: 1 }, { a: 'x' }])).toContain('+ { a: "x" }');
});
