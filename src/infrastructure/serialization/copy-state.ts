/**
 * A copy as a snapshot would give it back: classes kept, every object its own.
 *
 * Two fields that share an object no longer share it, as they would not after JSON. Frozen instances of classes
 * are values, which nobody can tell from their copies.
 */
export function copyState<T>(value: T, depth = 0): T {
  if (typeof value !== 'object' || value === null || depth > 100) return value;
  const copy = (field: unknown): unknown => copyState(field, depth + 1);
  if (value instanceof Date) return new Date(value) as T;
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value instanceof Map) return new Map([...value].map(([key, field]) => [copy(key), copy(field)])) as T;
  if (value instanceof Set) return new Set([...value].map(copy)) as T;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (Object.isFrozen(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  return copyFields(value, Object.create(prototype) as object, depth) as T;
}

/** Gives `target` copies of the fields of `source`. */
export function copyFields<T extends object>(source: object, target: T, depth = 0): T {
  for (const name of Reflect.ownKeys(source)) {
    const descriptor = Object.getOwnPropertyDescriptor(source, name)!;
    const value = 'value' in descriptor ? { value: copyState<unknown>(descriptor.value, depth + 1) } : {};
    if (typeof descriptor.value !== 'function')
      Object.defineProperty(target, name, { ...descriptor, ...value });
  }
  return target;
}
