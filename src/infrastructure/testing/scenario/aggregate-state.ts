import type { AggregateRoot } from '../../../domain/index.ts';
import { gettersOf, readGetter } from '../compare/getters-of.ts';
import { show, shorten } from '../compare/show.ts';
import { paint } from '../compare/paint.ts';

/** What can be seen of an aggregate: its fields, getters and unique keys; `#private` fields cannot. */
export type StateView = Readonly<Record<string, unknown>>;

/** An aggregate at one moment. */
export interface StateAt {
  readonly version: number;
  readonly view: StateView;
}

/** Looks at an aggregate. The values are the aggregate's own, not copies. */
export function viewOf(aggregate: AggregateRoot): StateView {
  const fields = Object.entries(aggregate).filter(([, value]) => typeof value !== 'function');
  const getters = gettersOf(aggregate).map(name => [name, readGetter(aggregate, name)] as const);
  const keys = aggregate.uniqueKeys();
  return Object.fromEntries([
    ...fields,
    ...getters.filter(([, value]) => value !== undefined),
    ...(keys.length > 0 ? [['uniqueKeys()', keys] as const] : []),
  ]);
}

/** The state before and after, a line for each field that has changed, the others in one. */
export function describeChange(
  name: string,
  before: StateAt | undefined,
  after: StateAt | undefined,
): string[] {
  if (before === undefined && after === undefined)
    return [paint(`  ${name} does not exist, before and after.`, 'quiet')];
  const versions = `version ${before?.version ?? 0} → ${after?.version ?? 0}`;
  if (before?.version === after?.version) {
    return [
      paint(`  state of ${name}, version ${after?.version ?? 0}, before and after:`, 'quiet'),
      ...stateLines(after?.view ?? {}),
    ];
  }
  return [
    paint(`  state of ${name}, ${versions}:`, 'quiet'),
    ...changeLines(before?.view ?? {}, after?.view ?? {}),
  ];
}

// Enough to recognize a value; the whole state may be large.
const longestValue = 40;

function stateLines(view: StateView): string[] {
  const names = Object.keys(view);
  const width = Math.max(0, ...names.map(name => name.length));
  if (names.length === 0) return ['    (nothing to see)'];
  return names.map(name => `    ${name.padEnd(width)}   ${shorten(show(view[name]), 2 * longestValue)}`);
}

function changeLines(before: StateView, after: StateView): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const width = Math.max(0, ...names.map(name => name.length));
  if (names.length === 0) return ['    (nothing to see)'];
  return names.map(name => {
    const [from, to] = [before[name], after[name]].map(value => (value === undefined ? '–' : show(value)));
    const text =
      from === to
        ? shorten(to!, 2 * longestValue)
        : `${shorten(from!, longestValue)} → ${shorten(to!, longestValue)}`;
    return `    ${name.padEnd(width)}   ${text}`;
  });
}
