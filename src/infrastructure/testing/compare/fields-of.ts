import { types } from 'node:util';

/** What an object is made of, by name; what a built-in keeps for itself is among it. Undefined fields are absent. */
export function fieldsOf(value: object): Map<string, unknown> {
  const entries: (readonly [string, unknown])[] = Object.entries(value);
  if (types.isSet(value)) entries.push(...[...value].map((field, index) => [String(index), field] as const));
  if (types.isNativeError(value)) {
    entries.push(['name', value.name], ['message', value.message], ['cause', value.cause]);
  }
  return new Map(entries.filter(([, field]) => field !== undefined));
}
