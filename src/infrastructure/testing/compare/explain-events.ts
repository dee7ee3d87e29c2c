import type { Recorded } from '../../../domain/index.ts';
import { alignEvents, fits } from './align-events.ts';
import type { Row } from './align-events.ts';
import type { EventPattern } from './event-pattern.ts';
import { nameOfEvent, showEvent } from './name-of-event.ts';
import { paint } from './paint.ts';
import type { Tone } from './paint.ts';
import { isWrongOrder, probableCause } from './probable-cause.ts';
import { show, shorten } from './show.ts';

/** A line of the list: its mark, and what stands on both sides. */
interface Line {
  readonly mark: string;
  readonly left: string;
  readonly right: string;
  readonly tone: Tone | undefined;
}

// Two columns of this width and a mark fit into a line of a wide terminal.
const longestCell = 56;

/** Says how the events differ from what was expected; undefined if they do not. */
export function explainEvents(
  expected: readonly EventPattern<object>[],
  actual: readonly Recorded<object>[],
): string | undefined {
  const rows = alignEvents(expected, actual);
  if (rows.every(row => row.kind === 'same')) return undefined;
  return [paint(probableCause(rows), 'loud'), '', ...listRows(rows)].join('\n');
}

/** Like `explainEvents`, but other events may stand before, between and behind the expected ones. */
export function explainIncluded(
  expected: readonly EventPattern<object>[],
  actual: readonly Recorded<object>[],
): string | undefined {
  const rows = alignEvents(expected, actual);
  const isMissing = ({ kind }: Row): boolean => kind !== 'same' && kind !== 'extra';
  const missing = rows.filter(isMissing).flatMap(row => row.expected ?? []);
  if (missing.length === 0) return undefined;
  // Of the other events only those matter that were expected at another place.
  const isMeant = ({ kind, actual: event }: Row): boolean =>
    kind !== 'extra' || missing.some(pattern => fits(pattern, event!));
  return [
    paint(probableCause(rows.filter(isMeant)), 'loud'),
    '',
    ...listRows(rows, 'others may be there'),
  ].join('\n');
}

/** The aligned list of what was expected and what was stored. */
export function listRows(rows: readonly Row[], others?: 'others may be there'): string[] {
  const gap = isWrongOrder(rows) ? '(elsewhere)' : undefined;
  const isMeant = (row: Row): boolean => row.kind !== 'extra' || others === undefined || gap !== undefined;
  const lines = rows.flatMap(row => (isMeant(row) ? linesOf(row, gap) : [otherLine(row)]));
  const cells = lines.map(({ left }) => left.length).filter(length => length <= longestCell);
  const width = Math.max('expected'.length, ...cells);
  const toText = ({ mark, left, right, tone }: Line): string => {
    const text = `  ${mark} ${left.padEnd(width)}   ${right}`.trimEnd();
    return tone === undefined ? text : paint(text, tone);
  };
  return [paint(`    ${'expected'.padEnd(width)}   stored`, 'quiet'), ...lines.map(toText)];
}

function otherLine({ actual }: Row): Line {
  return { mark: ' ', left: '', right: cell(showEvent(actual!)), tone: 'quiet' };
}

function linesOf(row: Row, gap: string | undefined): Line[] {
  const left = row.expected === undefined ? '' : cell(row.expected.text);
  const right = row.actual === undefined ? '' : cell(showEvent(row.actual));
  switch (row.kind) {
    case 'same':
      return [{ mark: '=', left, right, tone: 'quiet' }];
    case 'missing':
      return [{ mark: '-', left, right: gap ?? '(missing)', tone: 'wrong' }];
    case 'extra':
      return [{ mark: '+', left: gap ?? '(nothing)', right, tone: 'wrong' }];
    case 'other':
      return [{ mark: '≠', left, right, tone: 'wrong' }];
    default:
      return changedLines(row);
  }
}

/* Only the fields that differ: the others would hide them. */
function changedLines({ expected, actual, differences }: Row): Line[] {
  const name = nameOfEvent(actual!);
  const head: Line = { mark: '≠', left: expected!.eventClass.name, right: name, tone: 'wrong' };
  const fields = differences.flatMap(({ path, expected: wanted, actual: got }): Line[] => {
    const label = path === '' ? '' : `${path}: `;
    const [left, right] = [`  ${label}${show(wanted)}`, `  ${label}${show(got)}`];
    const fitsInCell = left.length <= longestCell;
    // A long value gets lines of its own, uncut, so that the place where it differs can be seen.
    return fitsInCell
      ? [{ mark: ' ', left, right, tone: 'wrong' }]
      : [
          { mark: ' ', left: `  ${path}`, right: `  ${path}`, tone: 'wrong' },
          { mark: ' ', left: `    expected ${show(wanted)}`, right: '', tone: 'wrong' },
          { mark: ' ', left: `    stored   ${show(got)}`, right: '', tone: 'wrong' },
        ];
  });
  return [head, ...fields];
}

function cell(text: string): string {
  return shorten(text, longestCell);
}
