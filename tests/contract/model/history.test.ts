import { describe, expect, test } from '@jest/globals';
import type { ExpectedVersion } from '../../../src/domain/index.ts';
import { findUnexplained } from './history.ts';
import type { Call, TimedCall } from './history.ts';

/* Calls with the moments of call and answer; an answer at 3.5 comes after a call at 3. */
function during(calledAt: number, answeredAt: number, call: Call): TimedCall {
  return { client: 0, calledAt, answeredAt: answeredAt + 0.5, call };
}

function append(expected: ExpectedVersion, version: number, events = 1, stream = 'a'): Call {
  return { do: 'append', writes: [{ stream, expected, events }], outcome: { versions: [version] } };
}

function refused(expected: ExpectedVersion, actualVersion: number, stream = 'a'): Call {
  return { do: 'append', writes: [{ stream, expected, events: 1 }], outcome: { stream, actualVersion } };
}

function read(version: number, stream = 'a'): Call {
  return { do: 'read', stream, version };
}

const both: Call = {
  do: 'append',
  writes: ['a', 'b'].map(stream => ({ stream, expected: 0, events: 1 })),
  outcome: { versions: [1, 1] },
};

const explained: Record<string, readonly TimedCall[]> = {
  'nothing at all': [],
  'one call after another': [
    during(1, 2, append('none', 1)),
    during(3, 4, append(1, 3, 2)),
    during(5, 6, refused(1, 3)),
    during(7, 8, read(3)),
  ],
  'two that overlap, the later one first': [during(1, 4, append('any', 2)), during(2, 3, append('any', 1))],
  'a read that overlaps an append and sees it': [during(1, 4, append('any', 1)), during(2, 3, read(1))],
  'a read that overlaps an append and does not': [during(1, 4, append('any', 1)), during(2, 3, read(0))],
  'a loser that saw the winner of an overlapping race': [
    during(1, 5, append(0, 1)),
    during(2, 3, refused(0, 1)),
  ],
  'a chain of three that overlap': [
    during(1, 9, append('any', 6, 3)),
    during(2, 8, append('any', 3, 2)),
    during(3, 7, append('any', 1)),
    during(4, 6, read(3)),
  ],
  'an append to two streams that is seen whole': [
    during(1, 6, both),
    during(2, 3, read(1)),
    during(4, 5, read(1, 'b')),
  ],
  'an empty append that checks': [during(1, 2, append(0, 0, 0)), during(3, 4, refused('exists', 0))],
};

const unexplained: Record<string, readonly [answer: number, history: readonly TimedCall[]]> = {
  'two winners of one version': [4, [during(1, 4, append(0, 1)), during(2, 3, append(0, 1))]],
  'two appends to any version that got the same one': [
    4,
    [during(1, 4, append('any', 1)), during(2, 3, append('any', 1))],
  ],
  'a hole between versions': [4, [during(1, 2, append('any', 1)), during(3, 4, append('any', 3))]],
  'a stale read after an acknowledged append': [4, [during(1, 2, append('any', 1)), during(3, 4, read(0))]],
  'a read of what nobody wrote': [4, [during(1, 2, append('any', 1)), during(3, 4, read(2))]],
  'a read that goes back behind another': [
    5,
    [during(1, 8, append('any', 1)), during(2, 3, read(1)), during(4, 5, read(0))],
  ],
  'an append that overtakes one before it': [
    2,
    [during(1, 2, append('any', 2)), during(3, 4, append('any', 1))],
  ],
  'a conflict with the version that was expected': [2, [during(1, 2, refused(0, 0))]],
  'a conflict that names a version which the stream had before only': [
    6,
    [during(1, 2, append('any', 1)), during(3, 4, append('any', 2)), during(5, 6, refused(7, 1))],
  ],
  'a refusal although the stream exists': [
    4,
    [during(1, 2, append('any', 1)), during(3, 4, refused('exists', 1))],
  ],
  'an append to two streams that is seen half': [
    5,
    [during(1, 8, both), during(2, 3, read(1)), during(4, 5, read(0, 'b'))],
  ],
  'two readers who saw two appends in different orders': [
    10,
    [
      during(1, 12, append('any', 1)),
      during(2, 11, append('any', 1, 1, 'b')),
      during(3, 4, read(1)),
      during(5, 6, read(0, 'b')),
      during(7, 8, read(1, 'b')),
      during(9, 10, read(0)),
    ],
  ],
};

describe('The search for an order that explains a history', () => {
  for (const [name, history] of Object.entries(explained)) {
    test(`finds one for ${name}`, () => {
      expect(findUnexplained(history)).toBeUndefined();
      expect(findUnexplained([...history].reverse())).toBeUndefined();
    });
  }

  for (const [name, [answer, history]] of Object.entries(unexplained)) {
    test(`finds none for ${name}, and names the answer`, () => {
      const found = findUnexplained(history);
      expect(found?.answeredAt).toBe(answer + 0.5);
    });
  }

  test('follows hundreds of calls by eight clients at once', () => {
    const history = Array.from({ length: 400 }, (_call, index) =>
      during(index, index + 7, append('any', index + 1)),
    );
    expect(findUnexplained(history)).toBeUndefined();
    expect(findUnexplained([...history, during(500, 501, read(399))])).toBeDefined();
  });
});
