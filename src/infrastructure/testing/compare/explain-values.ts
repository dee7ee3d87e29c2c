import type { Difference } from './differences.ts';
import { paint } from './paint.ts';
import { show } from './show.ts';

/** The fields that differ, one a line, in columns. */
export function listDifferences(
  differences: readonly Difference[],
  names: readonly [string, string] = ['expected', 'got'],
): string[] {
  const cells = differences.map(({ path, expected, actual }) => [
    path || 'value',
    show(expected),
    show(actual),
  ]);
  const widths = [0, 1].map(column =>
    Math.max(...[['', ...names], ...cells].map(row => row[column]!.length)),
  );
  const line = (row: readonly string[]): string =>
    `    ${row[0]!.padEnd(widths[0]!)}   ${row[1]!.padEnd(widths[1]!)}   ${row[2]!}`.trimEnd();
  return [paint(line(['', ...names]), 'quiet'), ...cells.map(row => paint(line(row), 'wrong'))];
}
