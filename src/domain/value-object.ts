/**
 * A value without identity: equal when all its fields are equal, and frozen when made with `of`.
 *
 *     class Money extends ValueObject {
 *       constructor(readonly amount: number, readonly currency: string) { super(); }
 *     }
 *     Money.of(5, 'EUR').equals(Money.of(5, 'EUR')); // true
 *
 * The constructor alone leaves the value open: class-transformer needs that to fill it; the serializer
 * freezes what it has read.
 */
export abstract class ValueObject {
  /** Makes a frozen value with the arguments of the constructor. */
  static of<Args extends unknown[], Value extends ValueObject>(
    this: new (...args: Args) => Value,
    ...args: Args
  ): Readonly<Value> {
    return Object.freeze(new this(...args));
  }

  /** Whether `other` is of the same class and has equal fields, at any depth. */
  equals(other: unknown): boolean {
    return sameValue(this, other);
  }
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === (b as unknown as Date).getTime();
  if (a instanceof Map || a instanceof Set)
    return sameFields([...a], [...(b as unknown as Iterable<unknown>)]);
  return sameFields(a, b);
}

function sameFields(a: object, b: object): boolean {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  if (left.size !== right.size) return false;
  return [...left].every(([key, value]) => right.has(key) && sameValue(value, right.get(key)));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
