/** A class, abstract or not, whose instances are `T`, whatever its constructor takes. */
export type Class<T extends object = object> = abstract new (...args: never[]) => T;

/** A class that Annals may construct: its constructor needs no argument. */
export type DefaultConstructible<T extends object = object> = new () => T;

/** The class that made `instance`; `Object` for a literal. */
export function classOf(instance: object): Class {
  return instance.constructor as Class;
}
