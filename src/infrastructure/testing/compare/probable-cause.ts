import type { Recorded } from '../../../domain/index.ts';
import { fits } from './align-events.ts';
import type { Row } from './align-events.ts';
import type { Difference } from './differences.ts';
import type { EventPattern } from './event-pattern.ts';
import { nameOfEvent } from './name-of-event.ts';
import { count, listOf, show } from './show.ts';

// Longer values stand in the list below, where there is room for them.
const longestValue = 50;

/** The sentence that most probably says what is wrong; the list under it shows the rest. */
export function probableCause(rows: readonly Row[]): string {
  const expected = rows.flatMap(row => row.expected ?? []);
  const actual = rows.flatMap(row => row.actual ?? []);
  if (actual.length === 0)
    return `Nothing was stored, but ${count(expected.length, 'event')} ${isOrAre(expected)} expected.`;
  if (expected.length === 0)
    return `Nothing should happen, but ${count(actual.length, 'event')} ${isOrAre(actual)} stored.`;
  if (isWrongOrder(rows)) return wrongOrder(expected, actual);
  const wrong = rows.filter(row => row.kind !== 'same');
  const [only] = wrong;
  if (wrong.length === 1 && only !== undefined) return oneWrong(only, rows);
  if (wrong.every(row => row.kind === 'missing'))
    return `${count(wrong.length, 'event')} are missing${where(wrong, rows)}: ${names(wrong)}.`;
  if (wrong.every(row => row.kind === 'extra'))
    return `${count(wrong.length, 'event')} more than expected${where(wrong, rows)}: ${names(wrong)}.`;
  const right = rows.length - wrong.length;
  return right === 0
    ? 'None of the events is as expected.'
    : `${right} of ${count(expected.length, 'expected event')} ${right === 1 ? 'is' : 'are'} right, the others are not.`;
}

function oneWrong(row: Row, rows: readonly Row[]): string {
  switch (row.kind) {
    case 'changed':
      return changed(row);
    case 'other':
      return `${nameOfEvent(row.actual!)} was stored in the place of ${row.expected!.text}.`;
    case 'missing':
      return `${row.expected!.eventClass.name} is missing${where([row], rows)}.`;
    default:
      return isRepeated(row, rows)
        ? `${nameOfEvent(row.actual!)} was stored twice.`
        : `${nameOfEvent(row.actual!)} was stored${where([row], rows)}, and nobody expected it.`;
  }
}

function changed({ expected, differences }: Row): string {
  const name = expected!.eventClass.name;
  const [first] = differences;
  if (differences.length > 1 || first === undefined) {
    return `${name} was stored with other values of ${listOf(differences.map(({ path }) => path))}.`;
  }
  if (first.path === '')
    return `${name} was stored, but not one that ${expected!.text.split(' that ')[1] ?? 'was expected'}.`;
  return `${name} was stored with another ${first.path}${howFarApart(first)}.`;
}

function howFarApart({ expected, actual }: Difference): string {
  const [wanted, got] = [show(expected), show(actual)];
  if (wanted.length <= longestValue && got.length <= longestValue) return `: expected ${wanted}, got ${got}`;
  if (typeof expected !== 'string' || typeof actual !== 'string') return '';
  const length = Math.min(expected.length, actual.length);
  let same = 0;
  while (same < length && expected[same] === actual[same]) same++;
  return `; the texts part at character ${same + 1}`;
}

function wrongOrder(expected: readonly EventPattern<object>[], actual: readonly Recorded<object>[]): string {
  const first = expected.findIndex((pattern, index) => !fits(pattern, actual[index]!));
  const [early, late] = [nameOfEvent(actual[first]!), expected[first]!.eventClass.name];
  const detail =
    early === late
      ? `the first one that is out of place is event ${first + 1}`
      : `${early} came before ${late}`;
  return `The right events were stored in the wrong order: ${detail}.`;
}

/** Whether the right events are there, but not where they were expected. */
export function isWrongOrder(rows: readonly Row[]): boolean {
  const missing = rows.filter(row => row.kind !== 'same').flatMap(row => row.expected ?? []);
  const left = rows.filter(row => row.kind !== 'same').flatMap(row => row.actual ?? []);
  if (missing.length === 0 || missing.length !== left.length) return false;
  return missing.every(pattern => {
    const index = left.findIndex(event => fits(pattern, event));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  });
}

function isRepeated({ actual }: Row, rows: readonly Row[]): boolean {
  return rows.some(row => row.kind === 'same' && row.expected !== undefined && fits(row.expected, actual!));
}

function where(wrong: readonly Row[], rows: readonly Row[]): string {
  if (rows.slice(-wrong.length).every(row => wrong.includes(row))) return ' at the end';
  if (rows.slice(0, wrong.length).every(row => wrong.includes(row))) return ' at the beginning';
  return '';
}

function names(rows: readonly Row[]): string {
  return listOf(rows.map(row => row.expected?.eventClass.name ?? nameOfEvent(row.actual!)));
}

function isOrAre(many: readonly unknown[]): string {
  return many.length === 1 ? 'was' : 'were';
}
