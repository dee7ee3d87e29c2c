import type { Recorded } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import type { Difference } from './differences.ts';
import type { EventPattern } from './event-pattern.ts';

/**
 * One line of the comparison:
 *
 * - `same`: the event is as expected
 * - `changed`: an event of the expected class with other values
 * - `other`: another event stands in its place
 * - `missing`, `extra`: one side has no event here
 */
export interface Row {
  readonly kind: 'same' | 'changed' | 'other' | 'missing' | 'extra';
  readonly expected: EventPattern<object> | undefined;
  readonly actual: Recorded<object> | undefined;
  readonly differences: readonly Difference[];
}

// A pair of one class is worth more than leaving both alone, and the fewer fields differ the more.
const costOfGap = 10;
const costOfChange = 8;

/** Puts every event beside the expected one that it most probably was meant to be, keeping the order. */
export function alignEvents(
  expected: readonly EventPattern<object>[],
  actual: readonly Recorded<object>[],
): readonly Row[] {
  const pairs = expected.map(pattern => actual.map(event => pair(pattern, event)));
  const costs = costTable(pairs, expected.length, actual.length);
  const rows: Row[] = [];
  let [left, right] = [0, 0];
  while (left < expected.length || right < actual.length) {
    const row = pairs[left]?.[right];
    const cost = costs[left]![right]!;
    if (row !== undefined && cost === costOf(row) + costs[left + 1]![right + 1]!) {
      rows.push(row);
      left++;
      right++;
    } else if (left < expected.length && cost === costOfGap + costs[left + 1]![right]!) {
      rows.push({ kind: 'missing', expected: expected[left++], actual: undefined, differences: [] });
    } else {
      rows.push({ kind: 'extra', expected: undefined, actual: actual[right++], differences: [] });
    }
  }
  return joinGaps(rows);
}

/** Whether an event is as expected. */
export function fits(pattern: EventPattern<object>, event: Recorded<object>): boolean {
  return pair(pattern, event).kind === 'same';
}

function pair(expected: EventPattern<object>, actual: Recorded<object>): Row {
  const { eventClass } = expected;
  if (eventClass !== Object && classOf(actual.payload) !== eventClass) {
    return { kind: 'other', expected, actual, differences: [] };
  }
  const differences = expected.differences(actual);
  return { kind: differences.length === 0 ? 'same' : 'changed', expected, actual, differences };
}

function costOf({ kind, differences }: Row): number {
  if (kind === 'same') return 0;
  // Two gaps are cheaper than a pair that has nothing in common; gaps side by side become one row later.
  return kind === 'changed' ? costOfChange + Math.min(differences.length, 10) : 3 * costOfGap;
}

/* What it costs at least to align what is behind each pair of places. */
function costTable(pairs: readonly (readonly Row[])[], height: number, width: number): number[][] {
  const costs = Array.from({ length: height + 1 }, () => new Array<number>(width + 1).fill(0));
  for (let left = height; left >= 0; left--) {
    for (let right = width; right >= 0; right--) {
      const choices: number[] = [];
      if (left < height) choices.push(costOfGap + costs[left + 1]![right]!);
      if (right < width) choices.push(costOfGap + costs[left]![right + 1]!);
      if (left < height && right < width) {
        choices.push(costOf(pairs[left]![right]!) + costs[left + 1]![right + 1]!);
      }
      costs[left]![right] = choices.length === 0 ? 0 : Math.min(...choices);
    }
  }
  return costs;
}

/* An event that is missing where another one is too many: one stands in the place of the other. */
function joinGaps(rows: readonly Row[]): Row[] {
  const joined: Row[] = [];
  for (const row of rows) {
    const gap = joined.findIndex(
      (earlier, index) => isOpposite(earlier, row) && isGapOnly(joined.slice(index)),
    );
    if (gap < 0) joined.push(row);
    else {
      const { expected, actual } = joined[gap]!;
      joined[gap] = {
        ...row,
        kind: 'other',
        expected: expected ?? row.expected,
        actual: actual ?? row.actual,
      };
    }
  }
  return joined;
}

function isOpposite(a: Row, b: Row): boolean {
  return (a.kind === 'missing' && b.kind === 'extra') || (a.kind === 'extra' && b.kind === 'missing');
}

function isGapOnly(rows: readonly Row[]): boolean {
  return rows.every(row => row.actual === undefined || row.expected === undefined || row.kind === 'other');
}
