import type { GivenFields } from './message-form.ts';

interface PropertySchema {
  readonly type?: unknown;
  readonly anyOf?: readonly PropertySchema[];
  readonly oneOf?: readonly PropertySchema[];
  readonly items?: PropertySchema | undefined;
}

/**
 * Reads the texts of an address as what a JSON Schema says that they are: numbers, booleans, lists of them.
 *
 * A text that is none of these, or that may be one, is left as it is, for whoever checks it to refuse. Nothing stands
 * for null: such a field is left out.
 */
export function coerceTexts(given: GivenFields, schema: Readonly<Record<string, unknown>>): GivenFields {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, PropertySchema>>;
  const read = ([name, value]: [string, unknown]): [string, unknown] => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, property === undefined ? value : coerce(value, property)];
  };
  return Object.fromEntries(Object.entries(given).map(read));
}

function coerce(value: unknown, schema: PropertySchema): unknown {
  const choices = choicesOf(schema);
  const list = choices.find(({ type }) => type === 'array');
  if (list !== undefined) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map(each => (list.items === undefined ? each : coerce(each, list.items)));
  }
  const may = (...names: readonly string[]): boolean =>
    choices.some(({ type }) => names.includes(type as string));
  if (typeof value !== 'string' || may('string')) return value;
  if (may('boolean') && (value === 'true' || value === 'false')) return value === 'true';
  if (!may('number', 'integer')) return value;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : value;
}

/* The types that a value may have, each by itself: `['number', 'null']` is either of them. */
function choicesOf(schema: PropertySchema): readonly PropertySchema[] {
  const { type, anyOf = [], oneOf = [] } = schema;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return [...types.map(each => ({ ...schema, type: each })), ...[...anyOf, ...oneOf].flatMap(choicesOf)];
}
