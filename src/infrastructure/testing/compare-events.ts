import { classOf } from '../../domain/class.ts';
import { differences, show } from './compare-values.ts';

/** One line of the comparison of expected and actual events. */
interface Row {
  readonly mark: '=' | '≠' | '-' | '+';
  readonly expected: object | undefined;
  readonly actual: object | undefined;
}

/** Says how the events differ from what was expected; undefined if they do not. */
export function explainEvents(expected: readonly object[], actual: readonly object[]): string | undefined {
  const rows = pair(expected, actual);
  if (rows.every(row => row.mark === '=')) return undefined;
  const left = rows.map(row => describe(row.expected));
  const width = Math.max('expected'.length, ...left.map(text => text.length));
  const lines = rows.map(
    (row, index) => `  ${row.mark} ${left[index]!.padEnd(width)}   ${describe(row.actual)}`,
  );
  const heading = `    ${'expected'.padEnd(width)}   actual`;
  return [probableCause(expected, actual, rows), '', heading, ...lines, ...fieldLines(rows)].join('\n');
}

function pair(expected: readonly object[], actual: readonly object[]): Row[] {
  const count = Math.max(expected.length, actual.length);
  return Array.from({ length: count }, (_row, index): Row => {
    const [left, right] = [expected[index], actual[index]];
    if (left === undefined) return { mark: '+', expected: left, actual: right };
    if (right === undefined) return { mark: '-', expected: left, actual: right };
    return { mark: isSame(left, right) ? '=' : '≠', expected: left, actual: right };
  });
}

function isSame(expected: object, actual: object): boolean {
  return classOf(expected) === classOf(actual) && differences(expected, actual).length === 0;
}

function probableCause(expected: readonly object[], actual: readonly object[], rows: readonly Row[]): string {
  if (actual.length === 0) return `Expected ${count(expected)}, but nothing was raised.`;
  if (expected.length === 0)
    return `Expected no event, but ${count(actual)} ${actual.length === 1 ? 'was' : 'were'} raised.`;
  if (isPermutation(expected, actual)) return 'The same events were raised, in another order.';
  const wrong = rows.filter(row => row.mark !== '=');
  if (wrong.every(row => row.mark === '-')) return `${count(wrong)} missing at the end.`;
  if (wrong.every(row => row.mark === '+')) return `${count(wrong)} more than expected at the end.`;
  const [only] = wrong;
  if (
    wrong.length === 1 &&
    only?.expected &&
    only.actual &&
    classOf(only.expected) === classOf(only.actual)
  ) {
    return `${classOf(only.expected).name} was raised with other values.`;
  }
  return 'Other events were raised than expected.';
}

function isPermutation(expected: readonly object[], actual: readonly object[]): boolean {
  if (expected.length !== actual.length) return false;
  const left = [...actual];
  return expected.every(event => {
    const index = left.findIndex(other => isSame(event, other));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  });
}

function fieldLines(rows: readonly Row[]): string[] {
  return rows.flatMap(({ expected, actual, mark }, index) => {
    if (mark !== '≠' || !expected || !actual || classOf(expected) !== classOf(actual)) return [];
    const fields = differences(expected, actual).map(
      field => `    ${field.path}: expected ${show(field.expected)}, got ${show(field.actual)}`,
    );
    return ['', `  Event ${index + 1}, ${classOf(expected).name}:`, ...fields];
  });
}

function describe(event: object | undefined): string {
  return event === undefined ? '' : `${classOf(event).name} ${show(event)}`;
}

function count(values: readonly unknown[]): string {
  return values.length === 1 ? '1 event' : `${values.length} events`;
}
