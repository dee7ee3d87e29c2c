import { defaultMetadataStorage as storage } from 'class-transformer/cjs/storage.js';
import type { Class } from '../../domain/index.ts';
import { classOf, isPlainObject } from '../../domain/class.ts';
import { UnserializableValue } from '../../application/ports/event-store-errors.ts';

// As deep as the store takes; deeper ones would end as an overflow of the stack.
const maxDepth = 100;

/** Whether class-transformer has anything to say of a class or its bases. */
export function hasTransformerMetadata(type: Class): boolean {
  const maps = [
    storage._typeMetadatas,
    storage._transformMetadatas,
    storage._exposeMetadatas,
    storage._excludeMetadatas,
  ];
  return basesOf(type).some(base => maps.some(map => map.has(base)));
}

/**
 * Refuses an instance with a `Date`, `Map`, `Set` or class instance that is not declared with `@Type`,
 * because it would not come back as what it is.
 *
 * @param owner - an event type, or the type of the aggregate that has the state
 * @throws {UnserializableValue} names the owner and the path of the field
 */
export function checkDeclaredFields(instance: object, owner: string, root = 'payload'): void {
  new DeclarationCheck(owner).fieldsOf(instance, root, []);
}

function basesOf(type: Class): Class[] {
  const bases: Class[] = [];
  for (let base: unknown = type; typeof base === 'function'; base = Object.getPrototypeOf(base)) {
    bases.push(base as Class);
  }
  return bases;
}

class DeclarationCheck {
  readonly #eventType: string;

  constructor(eventType: string) {
    this.#eventType = eventType;
  }

  fieldsOf(owner: object, path: string, ancestors: readonly object[]): void {
    if (ancestors.includes(owner)) {
      this.#refuse(path, 'refers back to an object that contains it. Store an id.');
    }
    if (ancestors.length >= maxDepth) this.#refuse(path, `is more than ${maxDepth} levels deep. Flatten it.`);
    const type = classOf(owner);
    for (const [name, value] of Object.entries(owner)) {
      const isDeclared = isFieldDeclared(type, name);
      this.#value(value, `${path}.${name}`, isDeclared, [...ancestors, owner]);
    }
  }

  #value(value: unknown, path: string, isDeclared: boolean, ancestors: readonly object[]): void {
    if (typeof value === 'function')
      this.#refuse(path, 'is a function, which JSON cannot carry. Leave it out.');
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) return this.#entries(value.entries(), path, isDeclared, ancestors);
    if (isPlainObject(value)) return this.fieldsOf(value, path, ancestors);
    if (!isDeclared) this.#refuseUndeclared(value, path);
    if (value instanceof Date) return this.#date(value, path);
    if (value instanceof Set) return this.#entries([...value].entries(), path, isDeclared, ancestors);
    if (value instanceof Map) return this.#map(value, path, isDeclared, ancestors);
    this.fieldsOf(value, path, ancestors);
  }

  #entries(
    entries: Iterable<[unknown, unknown]>,
    path: string,
    isDeclared: boolean,
    ancestors: readonly object[],
  ): void {
    for (const [key, value] of entries) this.#value(value, `${path}[${String(key)}]`, isDeclared, ancestors);
  }

  #map(map: Map<unknown, unknown>, path: string, isDeclared: boolean, ancestors: readonly object[]): void {
    for (const key of map.keys()) {
      if (typeof key !== 'string')
        this.#refuse(path, `has a key that is a ${typeof key}. Use texts as keys.`);
      // class-transformer passes over these without a word.
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
        this.#refuse(
          `${path}[${JSON.stringify(key)}]`,
          'is a name that JavaScript objects reserve. Rename the key.',
        );
      }
    }
    this.#entries(map, path, isDeclared, ancestors);
  }

  #date(date: Date, path: string): void {
    if (Number.isNaN(date.getTime())) this.#refuse(path, 'is an invalid date. Check how it was made.');
  }

  #refuseUndeclared(value: object, path: string): never {
    const { name } = classOf(value);
    const advice = `Declare the field with @Type(() => ${name}) of class-transformer, or store plain data.`;
    return this.#refuse(path, `is a ${name}, which would not come back as one. ${advice}`);
  }

  #refuse(path: string, problem: string): never {
    throw new UnserializableValue(this.#eventType, path, problem);
  }
}

function isFieldDeclared(type: Class, name: string): boolean {
  if (storage.findTypeMetadata(type, name) !== undefined) return true;
  return basesOf(type).some(base => storage._transformMetadatas.get(base)?.has(name) === true);
}
