import { isMatcher } from './show.ts';

/** A place where two values differ; `path` is empty for the values themselves. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/**
 * Where `actual` is not what was expected, field by field. Matchers of jest and vitest may stand at any leaf.
 *
 * Fields that are undefined count as absent, as they do in JSON.
 */
export function differences(expected: unknown, actual: unknown, path = ''): Difference[] {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual) ? [] : [{ path, expected, actual }];
  if (Object.is(expected, actual)) return [];
  if (!isComparable(expected, actual)) return [{ path, expected, actual }];
  if (expected instanceof Date)
    return expected.getTime() === (actual as Date).getTime() ? [] : [{ path, expected, actual }];
  const [left, right] = [fieldsOf(expected), fieldsOf(actual)];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap(name =>
    differences(left.get(name), right.get(name), stepInto(path, name, Array.isArray(expected))),
  );
}

/**
 * Like `differences`, but fields of plain objects that are not named in `expected` do not matter.
 *
 * Lists must have the same length; instances of classes are compared as a whole.
 */
export function subsetDifferences(expected: unknown, actual: unknown, path = ''): Difference[] {
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((field, index) => subsetDifferences(field, actual[index], `${path}[${index}]`));
  }
  if (!isPlain(expected) || isMatcher(expected) || typeof actual !== 'object' || actual === null) {
    return differences(expected, actual, path);
  }
  return Object.entries(expected).flatMap(([name, field]) =>
    subsetDifferences(field, (actual as Record<string, unknown>)[name], stepInto(path, name, false)),
  );
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isComparable(expected: unknown, actual: unknown): expected is object {
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null)
    return false;
  return kindOf(expected) === kindOf(actual);
}

/* Plain objects are of one kind, wherever they were made: a test runner has its own realm. */
function kindOf(value: object): unknown {
  if (isPlain(value)) return 'plain';
  return Array.isArray(value) ? 'list' : Object.getPrototypeOf(value);
}

function fieldsOf(value: unknown): Map<string, unknown> {
  if (value instanceof Map)
    return new Map([...value].map(([name, field]) => [String(name), field as unknown]));
  if (value instanceof Set)
    return new Map([...value].map((field, index) => [String(index), field as unknown]));
  return new Map(Object.entries(value as object).filter(([, field]) => field !== undefined));
}

function stepInto(path: string, name: string, isList: boolean): string {
  if (isList) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}
