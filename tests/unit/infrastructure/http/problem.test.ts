import { expect, test } from '@jest/globals';
import { problemOf } from '../../../../src/infrastructure/http/problem.ts';
import { OtherVersionInline } from '../../../../src/projections/projection-errors.ts';

test('An append that another version of a projection is in the way of may be tried again', () => {
  expect(problemOf(new OtherVersionInline('balances', 1, 2))).toMatchObject({
    ...{ status: 503, code: 'other-version-inline' },
  });
});
