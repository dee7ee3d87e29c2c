interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly [rule: string]: unknown;
}

// What may be said of a value beside its type without ruling this out; any other rule has no sample.
const harmless = ['title', 'description', 'additionalProperties', 'deprecated', '$schema'];
const known = new Set([
  ...['type', 'examples', 'default', 'const', 'enum', 'anyOf', 'oneOf', 'required', 'properties', 'items'],
  ...['minItems', 'maxItems', 'format', 'minLength', 'maxLength', 'minimum', 'exclusiveMinimum', 'maximum'],
  ...['exclusiveMaximum', 'pattern', ...harmless],
]);

const textOfFormat: Readonly<Record<string, string>> = {
  ...{ email: 'ada@example.org', uuid: '550e8400-e29b-41d4-a716-446655440000', date: '2026-01-31' },
  ...{ 'date-time': '2026-01-31T12:00:00Z', uri: 'https://example.org' },
};

/**
 * A value that a JSON Schema takes: its own example if it has one, else the least that satisfies it.
 *
 * Undefined where that cannot be told from the schema: a pattern, a reference, a condition.
 */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.examples !== undefined && schema.examples.length > 0) return schema.examples[0];
  for (const fixed of ['default', 'const'] as const) if (schema[fixed] !== undefined) return schema[fixed];
  if (schema.enum !== undefined) return schema.enum[0];
  if (Object.keys(schema).some(rule => !known.has(rule))) return undefined;
  const rules = Object.keys(schema).filter(rule => !harmless.includes(rule));
  if (rules.length === 0) return 'any JSON';
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice === undefined) return sampleOfType(schema);
  return rules.length === 1 ? sampleOf(choice) : undefined;
}

function sampleOfType(schema: JsonSchema): unknown {
  const type = typeof schema.type === 'object' ? schema.type[0] : schema.type;
  if (type === 'object') return sampleObject(schema);
  if (type === 'array') return sampleList(schema);
  if (type === 'string') return sampleText(schema);
  if (type === 'integer' || type === 'number') return sampleNumber(schema);
  if (type === 'boolean') return true;
  return type === 'null' ? null : undefined;
}

function sampleObject({ required = [], properties = {} }: JsonSchema): object | undefined {
  const isTold = (name: string): boolean =>
    properties[name]?.examples !== undefined || properties[name]?.default !== undefined;
  const names = new Set([...required, ...Object.keys(properties).filter(isTold)]);
  const fields = [...names].map(name => [name, sampleOf(properties[name] ?? {})] as const);
  return fields.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(fields);
}

function sampleList({ items = {}, minItems = 0, maxItems = Infinity }: JsonSchema): unknown[] | undefined {
  const length = Math.min(Math.max(minItems, 1), maxItems);
  const item = sampleOf(items);
  return item === undefined ? undefined : Array.from({ length }, () => item);
}

function sampleText({
  format,
  pattern,
  minLength = 0,
  maxLength = Infinity,
}: JsonSchema): string | undefined {
  const text = textOfFormat[format ?? ''];
  if (text !== undefined) return text;
  if (format !== undefined || pattern !== undefined) return undefined;
  return 'a text'.padEnd(minLength, '.').slice(0, maxLength);
}

/* The whole number next to 1 that is within the bounds. */
function sampleNumber(schema: JsonSchema): number | undefined {
  const { minimum = -Infinity, exclusiveMinimum = -Infinity } = schema;
  const { maximum = Infinity, exclusiveMaximum = Infinity } = schema;
  const least = Math.max(Math.ceil(minimum), Math.floor(exclusiveMinimum) + 1);
  const most = Math.min(Math.floor(maximum), Math.ceil(exclusiveMaximum) - 1);
  return least > most ? undefined : Math.min(Math.max(1, least), most);
}
