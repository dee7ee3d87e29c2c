import { isPlainObject } from '../../../domain/class.ts';
import { types } from 'node:util';
import { Entity, ValueObject } from '../../../domain/index.ts';
import { textOfValue } from '../../serialization/text-of-value.ts';
import { fieldsOf } from './fields-of.ts';
import { gettersOf, hidesState, readGetter } from './getters-of.ts';
import { classNameOf, isMatcher, show } from './show.ts';

/** A place where two values differ; `path` is empty for the values themselves. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/**
 * Where `actual` is not what was expected, field by field. Matchers of jest and vitest may stand at any leaf.
 *
 * Fields that are undefined count as absent, as they do in JSON. What a class hides in `#private` fields is compared by
 * its getters, and by its `equals` where nothing else tells two values apart; where there are none of them, that they
 * cannot be compared is a difference.
 */
export function differences(expected: unknown, actual: unknown, path = ''): Difference[] {
  return compare(expected, actual, { path, above: [], getters: 0 });
}

/** Like `differences`, but what cannot be compared counts as equal. */
export function knownDifferences(expected: unknown, actual: unknown): Difference[] {
  return differences(expected, actual).filter(each => !(each.expected instanceof Hidden));
}

/** Where two values are, in what they are compared with. */
interface Place {
  readonly path: string;
  /** Pairs that are being compared: one that leads back to itself is told where it began. */
  readonly above: readonly (readonly [object, object])[];
  /** How many getters lead here. */
  readonly getters: number;
}

// A getter may make a new value each time that has one again, such as the opposite of an amount.
const mostGetters = 4;

function compare(expected: unknown, actual: unknown, place: Place): Difference[] {
  const whole = [{ path: place.path, expected, actual }];
  if (isMatcher(expected)) return expected.asymmetricMatch(actual) ? [] : whole;
  if (Object.is(expected, actual)) return [];
  if (!isComparable(expected, actual)) return whole;
  if (place.above.some(([left, right]) => left === expected && right === actual)) return [];
  const text = textOfValue(expected);
  if (text !== undefined) return text === textOfValue(actual as object) ? [] : whole;
  const inside: Place = { ...place, above: [...place.above, [expected, actual as object]] };
  const found = compareFields(expected, actual as object, inside);
  if (found.length > 0 || isPlain(expected) || isList(expected)) return found;
  return compareHidden(expected, actual as object, inside);
}

function compareFields(expected: object, actual: object, place: Place): Difference[] {
  if (types.isMap(expected)) return compareMaps(expected, actual as ReadonlyMap<unknown, unknown>, place);
  const [left, right] = [fieldsOf(expected), fieldsOf(actual)];
  const found = [...new Set([...left.keys(), ...right.keys()])].flatMap(name =>
    compare(left.get(name), right.get(name), stepInto(place, name, isList(expected))),
  );
  if (found.length > 0 || !isList(expected) || expected.length === (actual as unknown[]).length) return found;
  return compare(expected.length, (actual as unknown[]).length, stepInto(place, 'length'));
}

/* Keys are compared as well: two objects that look alike are the same key to whoever wrote them down. */
function compareMaps(
  expected: ReadonlyMap<unknown, unknown>,
  actual: ReadonlyMap<unknown, unknown>,
  place: Place,
): Difference[] {
  const rest = new Map(actual);
  const found: Difference[] = [];
  for (const [key, value] of expected) {
    const other = rest.has(key) ? key : [...rest.keys()].find(each => differences(key, each).length === 0);
    found.push(...compare(value, rest.get(other), stepInto(place, nameOf(key))));
    rest.delete(other);
  }
  for (const [key, value] of rest) found.push(...compare(undefined, value, stepInto(place, nameOf(key))));
  return found;
}

function nameOf(key: unknown): string {
  return typeof key === 'string' ? key : show(key);
}

/* By what a class says of itself, after its fields have told no difference. */
function compareHidden(expected: object, actual: object, place: Place): Difference[] {
  const getters = gettersOf(expected);
  const found = compareGetters(expected, actual, getters, place);
  if (found.length > 0) return found;
  const saysEqual = askEquals(expected, actual);
  if (saysEqual === true) return [];
  const { path } = place;
  if (saysEqual === false) return [{ path, expected, actual }];
  const isSeen = getters.length > 0 || fieldsOf(expected).size > 0 || isCollection(expected);
  return isSeen || !hidesState(expected) ? [] : [{ path, expected: new Hidden(expected), actual }];
}

/* Those that give objects come last: what they differ in is mostly told by the others. */
function compareGetters(
  expected: object,
  actual: object,
  getters: readonly string[],
  place: Place,
): Difference[] {
  if (place.getters === mostGetters) return [];
  const pairs = getters.map(name => [name, readGetter(expected, name), readGetter(actual, name)] as const);
  const isSimple = ([, ...values]: (typeof pairs)[number]): boolean =>
    values.every(value => typeof value !== 'object');
  const comparePairs = (some: typeof pairs): Difference[] =>
    some.flatMap(([name, left, right]) =>
      compare(left, right, { ...stepInto(place, name), getters: place.getters + 1 }),
    );
  const found = comparePairs(pairs.filter(isSimple));
  return found.length > 0 ? found : comparePairs(pairs.filter(pair => !isSimple(pair)));
}

/* That of Annals itself goes by fields, or by the id alone. */
function askEquals(expected: object, actual: object): boolean | undefined {
  const { equals } = expected as { readonly equals?: unknown };
  const isOurs = equals === ValueObject.prototype.equals || equals === Entity.prototype.equals;
  if (typeof equals !== 'function' || isOurs) return undefined;
  try {
    return equals.call(expected, actual) === true;
  } catch {
    return false;
  }
}

/* Shown in place of a value of which nothing can be seen. */
class Hidden {
  readonly #className: string | undefined;

  constructor(value: object) {
    this.#className = classNameOf(value);
  }

  asymmetricMatch(): boolean {
    return false;
  }

  toAsymmetricMatcher(): string {
    return `${this.#className ?? 'object'} that cannot be compared: give it getters or equals()`;
  }
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
    subsetDifferences(field, (actual as Record<string, unknown>)[name], pathInto(path, name, false)),
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainObject(value);
}

function isComparable(expected: unknown, actual: unknown): expected is object {
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null)
    return false;
  return kindOf(expected) === kindOf(actual);
}

/* Plain objects are of one kind, wherever they were made: a test runner has its own realm. */
function kindOf(value: object): unknown {
  if (isPlain(value)) return 'plain';
  return isList(value) ? 'list' : Object.getPrototypeOf(value);
}

function isList(value: object): value is readonly unknown[] {
  return Array.isArray(value);
}

function isCollection(value: object): boolean {
  return types.isMap(value) || types.isSet(value) || types.isTypedArray(value);
}

function stepInto(place: Place, name: string, isListItem = false): Place {
  return { ...place, path: pathInto(place.path, name, isListItem) };
}

function pathInto(path: string, name: string, isListItem: boolean): string {
  if (isListItem) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}
