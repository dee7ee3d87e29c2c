/*
 * Decorators leave what they know on the class or method that they decorate, under a symbol: there is no
 * registry, so two apps in one process do not see each other. `Symbol.for` lets two copies of this package
 * (a linked one, say) read each other's decorations.
 */

/** A place on a class or function for what one decorator says of it. */
export interface MetadataKey<T> {
  /** Leaves `value` on `target`, in place of an earlier one. */
  write(target: object, value: T): void;
  /** What was left on `target` itself; what its base classes carry does not count. */
  read(target: object): T | undefined;
}

/** Makes the place called `name`. */
export function metadataKey<T>(name: string): MetadataKey<T> {
  const symbol = Symbol.for(`annals.${name}`);
  return {
    write: (target, value) =>
      void Object.defineProperty(target, symbol, { value, configurable: true, enumerable: false }),
    read: target =>
      Object.hasOwn(target, symbol) ? (target as Record<symbol, T | undefined>)[symbol] : undefined,
  };
}
