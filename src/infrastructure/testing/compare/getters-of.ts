import { AggregateRoot } from '../../../domain/index.ts';

/** The names of the getters that a value's own classes give it; those of built-ins and of `AggregateRoot` are none. */
export function gettersOf(value: object): string[] {
  const names = new Set<string>();
  for (const prototype of prototypesOf(value)) {
    if (prototype === AggregateRoot.prototype || isBuiltIn(prototype)) break;
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof descriptor.get === 'function') names.add(name);
    }
  }
  return [...names];
}

/** What a getter gives. It may refuse, e.g. before an aggregate is open; then, and for a function, it is nothing. */
export function readGetter(value: object, name: string): unknown {
  try {
    const given = (value as Readonly<Record<string, unknown>>)[name];
    return typeof given === 'function' ? undefined : given;
  } catch {
    return undefined;
  }
}

/** Whether the classes of a value keep something where nobody else sees it: in `#private` fields, or in native code. */
export function hidesState(value: object): boolean {
  return prototypesOf(value).some(prototype => hiding.test(sourceOf(prototype)));
}

// As it is written, and as TypeScript, Babel, swc and esbuild write it for older engines.
const hiding = /(^|[.\s;{(])#[A-Za-z_$]|_class_?private|__private|\[native code\]/i;

function isBuiltIn(prototype: object): boolean {
  return sourceOf(prototype).endsWith('[native code] }');
}

function sourceOf({ constructor }: object): string {
  return typeof constructor === 'function' ? Function.prototype.toString.call(constructor) : '';
}

/* Without that of all objects, which has nothing of its own. */
function prototypesOf(value: object): object[] {
  const prototypes: object[] = [];
  let prototype = Object.getPrototypeOf(value) as object | null;
  while (prototype !== null) {
    prototypes.push(prototype);
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return prototypes.slice(0, -1);
}
