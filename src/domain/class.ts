/** A class, abstract or not, whose instances are `T`, whatever its constructor takes. */
export type Class<T extends object = object> = abstract new (...args: never[]) => T;

/** A class that Annals may construct: its constructor needs no argument. */
export type DefaultConstructible<T extends object = object> = new () => T;

/** The class that made `instance`; `Object` for a literal. */
export function classOf(instance: object): Class {
  return instance.constructor as Class;
}

/** Whether an object is of no class; the root of its chain may be that of another realm. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
