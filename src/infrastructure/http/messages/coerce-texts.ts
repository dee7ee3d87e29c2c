import type { GivenFields } from './message-form.ts';

interface PropertySchema {
  readonly type?: unknown;
  readonly items?: PropertySchema | undefined;
}

/**
 * Reads the texts of an address as what a JSON Schema says that they are: numbers, booleans, lists of them.
 *
 * A text that is none of these is left as it is, for whoever checks it to refuse.
 */
export function coerceTexts(given: GivenFields, schema: Readonly<Record<string, unknown>>): GivenFields {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, PropertySchema>>;
  const read = ([name, value]: [string, unknown]): [string, unknown] => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, property === undefined ? value : coerce(value, property)];
  };
  return Object.fromEntries(Object.entries(given).map(read));
}

function coerce(value: unknown, { type, items }: PropertySchema): unknown {
  if (type === 'array') {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map(each => (items === undefined ? each : coerce(each, items)));
  }
  if (typeof value !== 'string') return value;
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  if (type !== 'number' && type !== 'integer') return value;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : value;
}
