import { classNameOf } from '../compare/show.ts';

/**
 * A value as the code that makes it; an instance as if its constructor took its fields in their order, which is true of
 * parameter properties.
 */
export function asCode(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Date) return `new Date('${value.toISOString()}')`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(asCode).join(', ')}]`;
  if (value instanceof Map) return `new Map(${asCode([...value])})`;
  if (value instanceof Set) return `new Set(${asCode([...value])})`;
  const name = classNameOf(value);
  const fields = Object.entries(value);
  if (name !== undefined) return `new ${name}(${fields.map(([, field]) => asCode(field)).join(', ')})`;
  return fields.length === 0
    ? '{}'
    : `{ ${fields.map(([key, field]) => `${asKey(key)}: ${asCode(field)}`).join(', ')} }`;
}

function asKey(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
