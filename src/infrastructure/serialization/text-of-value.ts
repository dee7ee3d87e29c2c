import { inspect, types } from 'node:util';

/** A built-in that is nothing but a value, as a text that tells it from others; undefined for all other objects. */
export function textOfValue(value: object): string | undefined {
  if (types.isDate(value)) return String(value.getTime());
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value).toString('hex');
  if (value instanceof DataView) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  }
  if (types.isRegExp(value)) return String(value);
  if (types.isBoxedPrimitive(value)) return inspect(value.valueOf());
  if (value instanceof URL || value instanceof URLSearchParams) return value.toString();
  // They need no import: where an engine has them, they say all of themselves as text.
  const isTemporal = Object.prototype.toString.call(value).startsWith('[object Temporal.');
  return isTemporal ? (value as { toString(): string }).toString() : undefined;
}
