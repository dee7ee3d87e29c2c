import type { Difference } from '../compare/differences.ts';
import { differences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { paint } from '../compare/paint.ts';
import { count, listOf, show, shorten } from '../compare/show.ts';
import { inOrder } from './rows.ts';
import type { Rows } from './rows.ts';

/** Says how documents differ from what was expected; undefined if they do not. */
export function explainDocuments(
  expected: Rows,
  actual: Rows,
  others?: 'others may be there',
): string | undefined {
  const wrong = differences(expected, actual);
  if (wrong.length === 0) return undefined;
  return [paint(documentCause(expected, actual, wrong, others), 'loud'), '', ...listDifferences(wrong)].join(
    '\n',
  );
}

/** Says how the rows of a table differ from what was expected, in any order; undefined if they do not. */
export function explainTable(
  table: string,
  expected: readonly object[],
  actual: readonly object[],
): string | undefined {
  const pairs = pairRows(expected, actual);
  const paired = new Set(pairs.values());
  const missing = expected.filter((_row, index) => !paired.has(index));
  const extra = actual.filter((_row, index) => !pairs.has(index));
  if (missing.length + extra.length === 0) return undefined;
  const cause =
    expected.length === actual.length
      ? `The table ${table} has other values.`
      : `The table ${table} has ${count(actual.length, 'row')}, but expected ${expected.length === 1 ? 'was' : 'were'} ${expected.length}.`;
  const rows = [
    ...missing.map(row => paint(`  - ${show(row)}`, 'wrong')),
    ...inOrder(extra).map(row => paint(`  + ${show(row)}`, 'wrong')),
  ];
  return [paint(cause, 'loud'), '', paint('  - expected, + got', 'quiet'), ...rows].join('\n');
}

/* By their places, actual to expected. A pattern that fits several rows makes room for one that fits only one. */
function pairRows(expected: readonly object[], actual: readonly object[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const pair = (wanted: number, tried: Set<number>): boolean => {
    const fitting = [...actual.keys()].filter(
      place => !tried.has(place) && isSame(expected[wanted]!, actual[place]!),
    );
    const free = fitting.find(place => !pairs.has(place));
    const found =
      free ??
      fitting.find(place => {
        if (tried.has(place)) return false;
        tried.add(place);
        return pair(pairs.get(place)!, tried);
      });
    if (found !== undefined) pairs.set(found, wanted);
    return found !== undefined;
  };
  for (const wanted of expected.keys()) pair(wanted, new Set());
  return pairs;
}

function isSame(expected: object, actual: object): boolean {
  return differences(expected, actual).length === 0;
}

function documentCause(
  expected: Rows,
  actual: Rows,
  wrong: readonly Difference[],
  others: 'others may be there' | undefined,
): string {
  const missing = Object.keys(expected).filter(id => !(id in actual));
  const extra = Object.keys(actual).filter(id => !(id in expected));
  const quoted = (ids: readonly string[]): string => listOf(ids.map(id => JSON.stringify(id)));
  if (Object.keys(actual).length === 0 && others === undefined)
    return 'There are no documents at all. Does the projector have an @On method for these events?';
  if (missing.length > 0 && extra.length > 0) {
    return `Instead of ${quoted(missing)} there ${extra.length === 1 ? 'is' : 'are'} ${quoted(extra)}. Look at the key of the projector.`;
  }
  if (missing.length > 0)
    return `The ${missing.length === 1 ? 'document' : 'documents'} ${quoted(missing)} ${missing.length === 1 ? 'is' : 'are'} missing.`;
  if (extra.length > 0)
    return `Nobody expected the ${extra.length === 1 ? 'document' : 'documents'} ${quoted(extra)}.`;
  const [first] = wrong;
  if (wrong.length > 1 || first === undefined)
    return `${count(wrong.length, 'value')} of the documents differ.`;
  return `${first.path} is ${shorten(show(first.actual), 50)}, and ${shorten(show(first.expected), 50)} was expected.`;
}
