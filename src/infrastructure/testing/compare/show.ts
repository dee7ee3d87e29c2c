import { classOf, isPlainObject } from '../../../domain/class.ts';

interface AsymmetricMatcher {
  asymmetricMatch(actual: unknown): boolean;
}

/** Whether a value is a matcher of a test runner, such as `expect.any(Number)`. */
export function isMatcher(value: unknown): value is AsymmetricMatcher {
  return typeof (value as Partial<AsymmetricMatcher> | null)?.asymmetricMatch === 'function';
}

/** A value on one line, for a failure message. */
export function show(value: unknown): string {
  return showWithin(value, []);
}

/** The fields of an object on one line, without its class. */
export function showFields(value: object): string {
  return showFieldsWithin(value, []);
}

/* What leads back to an object that it is a part of is shown as its name only. */
function showWithin(value: unknown, above: readonly object[]): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name}`.trimEnd();
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return value.toString();
  if (typeof value !== 'object' || value === null) return `${value as number}`;
  if (isMatcher(value)) return showMatcher(value);
  if (above.includes(value)) return `(the ${classNameOf(value) ?? 'object'} again)`;
  return showBuiltIn(value) ?? showParts(value, [...above, value]);
}

function showBuiltIn(value: object): string | undefined {
  if (value instanceof Date) return showDate(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof RegExp) return String(value);
  return value instanceof URL ? `URL ${value.href}` : undefined;
}

function showParts(value: object, within: readonly object[]): string {
  const part = (field: unknown): string => showWithin(field, within);
  if (Array.isArray(value)) return `[${value.map(part).join(', ')}]`;
  if (value instanceof Map) return `Map ${braced([...value].map(pair => pair.map(part).join(' => ')))}`;
  if (value instanceof Set) return `Set ${braced([...value].map(part))}`;
  return `${prefixOf(value)}${showFieldsWithin(value, within)}`;
}

function showFieldsWithin(value: object, within: readonly object[]): string {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return braced(fields.map(([name, field]) => `${name}: ${showWithin(field, within)}`));
}

/** Text cut to a length, so that columns stay columns. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** Words in a row: `a`, `a and b`, `a, b and c`. */
export function listOf(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

/** `1 event`, `2 events`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The name of a value's class; undefined for plain data. */
export function classNameOf(value: object): string | undefined {
  return isPlainObject(value) ? undefined : classOf(value).name;
}

function showDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an invalid date' : date.toISOString();
}

function showMatcher(matcher: AsymmetricMatcher): string {
  const { toAsymmetricMatcher } = matcher as { toAsymmetricMatcher?: () => string };
  return typeof toAsymmetricMatcher === 'function'
    ? `<${toAsymmetricMatcher.call(matcher)}>`
    : `<${matcher.constructor.name}>`;
}

function prefixOf(value: object): string {
  const name = classNameOf(value);
  return name === undefined ? '' : `${name} `;
}

function braced(parts: readonly string[]): string {
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}
