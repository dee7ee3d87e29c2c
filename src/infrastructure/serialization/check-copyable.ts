import { ValueObject } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { UnserializableValue } from '../../application/ports/event-store-errors.ts';
import { hasHiddenFields } from './hidden-fields.ts';

const reservedNames = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Refuses state of which JSON would make a copy that behaves otherwise, although no single value is lost: an object that
 * is in two places, fields that do not show, dictionaries without a prototype.
 *
 * For state without cycles; whoever makes the JSON has refused those.
 *
 * @throws {UnserializableValue} names the aggregate type and the path
 */
export function checkCopyable(state: unknown, aggregateType: string): void {
  new CopyCheck(aggregateType).value(state, 'state');
}

class CopyCheck {
  readonly #aggregateType: string;
  readonly #seen = new Map<object, string>();

  constructor(aggregateType: string) {
    this.#aggregateType = aggregateType;
  }

  value(value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null) return;
    this.#once(value, path);
    if (Array.isArray(value)) return this.#list(value, path);
    if (value instanceof Date) return;
    if (value instanceof Set)
      return [...value].forEach((item, index) => this.value(item, `${path}[${index}]`));
    if (value instanceof Map)
      return value.forEach((item, key) => this.value(item, `${path}[${JSON.stringify(key)}]`));
    this.#fields(value, path);
  }

  /* Nobody can tell a copy of a value from the value; dates are used as such. */
  #once(value: object, path: string): void {
    const before = this.#seen.get(value);
    this.#seen.set(value, path);
    if (before === undefined || Object.isFrozen(value)) return;
    if (value instanceof ValueObject || value instanceof Date) return;
    this.#refuse(
      path,
      `is the same object as ${before}, and would come back as two. Keep its id, or a copy.`,
    );
  }

  #list(list: readonly unknown[], path: string): void {
    if (Reflect.ownKeys(list).length !== list.length + 1) {
      this.#refuse(path, 'is a list with fields of its own, which JSON leaves out. Use an object.');
    }
    list.forEach((item, index) => this.value(item, `${path}[${index}]`));
  }

  #fields(owner: object, path: string): void {
    if (Object.getPrototypeOf(owner) === null) {
      this.#refuse(path, 'is an object without a prototype, and would come back with one. Use {} or a Map.');
    }
    const { name } = classOf(owner);
    if (hasHiddenFields(classOf(owner))) {
      this.#refuse(
        path,
        `is a ${name}, whose #private fields nobody can copy. Make them TypeScript's private.`,
      );
    }
    for (const key of Reflect.ownKeys(owner)) {
      const field = `${path}.${String(key)}`;
      if (typeof key === 'symbol' || reservedNames.has(key)) {
        this.#refuse(field, 'has a name that JSON cannot carry back. Rename it.');
      }
      const descriptor = Object.getOwnPropertyDescriptor(owner, key)!;
      if (descriptor.enumerable !== true || !('value' in descriptor)) {
        this.#refuse(field, 'is hidden or computed, and would not come back as that. Make it a plain field.');
      }
      this.value(descriptor.value, field);
    }
  }

  #refuse(path: string, problem: string): never {
    throw new UnserializableValue(this.#aggregateType, path, problem);
  }
}
