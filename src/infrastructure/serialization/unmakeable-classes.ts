import { defaultMetadataStorage as storage } from 'class-transformer/cjs/storage.js';
import type { Class } from '../../domain/index.ts';
import { hasTransformerMetadata } from './declared-fields.ts';

/** A class that cannot be read back, and what its constructor threw. */
export interface UnmakeableClass {
  readonly type: Class;
  readonly error: unknown;
}

/**
 * The classes that an event would be made of when it is read, and that cannot be made.
 *
 * class-transformer calls constructors without arguments, and fills the fields then. So an event can be stored and never
 * be read. Found by making one of each; types that the payload chooses (`discriminator`) are not asked.
 */
export function unmakeableClasses(eventClass: Class): readonly UnmakeableClass[] {
  if (!hasTransformerMetadata(eventClass)) return [];
  const types = new Set<Class>([eventClass]);
  // Those that are added meanwhile are visited as well.
  for (const type of types) for (const nested of declaredTypesOf(type)) types.add(nested);
  return [...types].flatMap(type => {
    const error = errorOf(() => new (type as unknown as new () => object)());
    return error === undefined ? [] : [{ type, error: error.thrown }];
  });
}

function declaredTypesOf(type: Class): readonly Class[] {
  const types: unknown[] = [];
  for (let base: unknown = type; typeof base === 'function'; base = Object.getPrototypeOf(base)) {
    for (const { typeFunction, options } of storage._typeMetadatas.get(base)?.values() ?? []) {
      // One that looks at the payload says nothing without.
      if (options?.discriminator === undefined) errorOf(() => types.push(typeFunction()));
    }
  }
  return types.filter(nested => typeof nested === 'function') as Class[];
}

function errorOf(work: () => unknown): { readonly thrown: unknown } | undefined {
  try {
    work();
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}
