import { isPlainObject } from '../../domain/class.ts';

/** The way to a field: names of fields and indexes of lists. */
export type FieldPath = readonly (string | number)[];

// As deep as the store takes; what is deeper, or a cycle, is refused by whoever makes the text.
const maxDepth = 101;

/** Where plain data has fields that are `undefined`, which JSON leaves out: to have a field is not to lack it. */
export function unsetFieldsIn(value: unknown, path: FieldPath = []): FieldPath[] {
  if (path.length > maxDepth) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unsetFieldsIn(item, [...path, index]));
  // An instance of a class is none of JSON's, and refused as one.
  if (!isPlain(value)) return [];
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) =>
    field === undefined ? [[...path, name]] : unsetFieldsIn(field, [...path, name]),
  );
}

/** The same with null in these fields, so that they keep their place. */
export function withNulls(value: unknown, paths: readonly FieldPath[]): unknown {
  const copies = new Map<unknown, object>();
  const copyOf = (owner: unknown): Record<string | number, unknown> => {
    const copy =
      copies.get(owner) ?? (Array.isArray(owner) ? [...(owner as unknown[])] : { ...(owner as object) });
    copies.set(owner, copy).set(copy, copy);
    return copy as Record<string | number, unknown>;
  };
  for (const path of paths) {
    let owner = copyOf(value);
    for (const step of path.slice(0, -1)) owner = owner[step] = copyOf(owner[step]);
    owner[path.at(-1)!] = null;
  }
  return copies.get(value) ?? value;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && isPlainObject(value);
}

/** Makes these fields of plain data undefined. */
export function unsetFields(value: unknown, paths: readonly FieldPath[]): void {
  for (const path of paths) {
    let owner = value as Record<string | number, unknown>;
    for (const step of path.slice(0, -1)) owner = owner[step] as typeof owner;
    owner[path.at(-1)!] = undefined;
  }
}
