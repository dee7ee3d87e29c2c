import { inspect } from 'node:util';

/** A value on one line of at most 80 characters, for the text of an error; whatever it is, it never fails. */
export function shown(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value.slice(0, 80))
      : inspect(value, { depth: 2, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 10 });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
