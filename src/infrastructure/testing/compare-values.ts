/** A place where two values differ; `path` is empty for the values themselves. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean;
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

/** A value on one line, for a failure message. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return value.toISOString();
  if (isMatcher(value)) return `<${value.constructor.name}>`;
  if (typeof value !== 'object' || value === null) return `${value as number}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  const fields = [...fieldsOf(value)].map(([name, field]) => `${name}: ${show(field)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function isMatcher(value: unknown): value is AsymmetricMatcher {
  return typeof (value as Partial<AsymmetricMatcher> | null)?.asymmetricMatch === 'function';
}

function isComparable(expected: unknown, actual: unknown): boolean {
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null)
    return false;
  return Object.getPrototypeOf(expected) === Object.getPrototypeOf(actual);
}

function fieldsOf(value: unknown): Map<string, unknown> {
  if (value instanceof Map)
    return new Map([...value].map(([name, field]) => [String(name), field as unknown]));
  if (value instanceof Set)
    return new Map([...value].map((field, index) => [String(index), field as unknown]));
  return new Map(Object.entries(value as object).filter(([, field]) => field !== undefined));
}

function stepInto(path: string, name: string, isArray: boolean): string {
  if (isArray) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}
