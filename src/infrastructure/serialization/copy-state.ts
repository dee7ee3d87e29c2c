import { isPlainObject } from '../../domain/class.ts';
import { textOfValue } from './text-of-value.ts';

/**
 * A copy as a snapshot would give it back: classes kept, every object its own.
 *
 * Two fields that share an object no longer share it, as they would not after JSON; what leads back to an object that
 * it is a part of leads back to the copy. Frozen instances of classes are values, which nobody can tell from their
 * copies.
 */
export function copyState<T>(value: T): T {
  return copyWithin(value, new Map()) as T;
}

/** Gives `target` copies of the fields of `source`. */
export function copyFields<T extends object>(source: object, target: T): T {
  return fillFields(source, target, new Map());
}

/* The objects that a value is a part of, with their copies. */
type Above = ReadonlyMap<object, object>;

function copyWithin(value: unknown, above: Above): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return above.get(value);
  if (value instanceof Date) return new Date(value);
  if (textOfValue(value) !== undefined) return value;
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return copyItems(value, above);
  if (Object.isFrozen(value) && !isPlainObject(value)) return value;
  return fillFields(value, Object.create(Object.getPrototypeOf(value) as object | null) as object, above);
}

function copyItems(
  source: readonly unknown[] | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  above: Above,
): object {
  const items: unknown[] = [];
  const pairs = new Map<unknown, unknown>();
  const members = new Set<unknown>();
  const target = Array.isArray(source) ? items : source instanceof Map ? pairs : members;
  const within = new Map([...above, [source, target]]);
  for (const [key, item] of source.entries()) {
    const copy = copyWithin(item, within);
    items.push(copy);
    members.add(copy);
    pairs.set(copyWithin(key, within), copy);
  }
  return target;
}

function fillFields<T extends object>(source: object, target: T, above: Above): T {
  const within = new Map([...above, [source, target]]);
  for (const name of Reflect.ownKeys(source)) {
    const descriptor = Object.getOwnPropertyDescriptor(source, name)!;
    const value = 'value' in descriptor ? { value: copyWithin(descriptor.value, within) } : {};
    if (typeof descriptor.value !== 'function')
      Object.defineProperty(target, name, { ...descriptor, ...value });
  }
  return target;
}
