import { isPlainObject } from '../../domain/class.ts';
import { UnserializableValue } from '../ports/event-store-errors.ts';

/** How large a payload may be. */
export interface JsonLimits {
  /** Bytes of UTF-8. */
  readonly maxBytes: number;
  /** Objects and arrays inside each other. */
  readonly maxDepth: number;
}

/** 1 MiB and 100 levels: an event is a fact, not a document store. */
export const defaultJsonLimits: JsonLimits = { maxBytes: 1_048_576, maxDepth: 100 };

const maxKeyLength = 1_000;
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);
// JSON.stringify writes NUL and half surrogates as escapes; an escaped backslash may look the same.
const suspectEscape = /\\u(?:0000|d[89a-f])/;

/** Names what JSON is made of, in an error: an event type, or a text that is only made when there is one. */
export type JsonOwner = string | (() => string);

/**
 * The JSON text of an object, if JSON gives back what was put in.
 *
 * @param root - where the value stands in the event, `payload` or `metadata`
 * @throws {UnserializableValue} names the owner and the path of the value that would not survive
 */
export function toJsonText(
  value: object,
  owner: JsonOwner,
  root: string,
  limits: JsonLimits = defaultJsonLimits,
): string {
  const check = new JsonCheck(owner, root, limits.maxDepth);
  const text = check.stringify(value);
  if (text.includes('\\u') && suspectEscape.test(text)) check.checkTexts(value);
  checkSize(text, limits.maxBytes, owner, root);
  return text;
}

function checkSize(text: string, maxBytes: number, owner: JsonOwner, root: string): void {
  // UTF-8 takes at most three bytes a UTF-16 unit, so most payloads need no counting.
  if (text.length * 3 <= maxBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return;
  const problem = `has ${bytes} bytes, and ${maxBytes} is the limit. Store large content elsewhere and its address here.`;
  throw new UnserializableValue(nameOf(owner), root, problem);
}

function nameOf(owner: JsonOwner): string {
  return typeof owner === 'string' ? owner : owner();
}

class JsonCheck {
  readonly #owner: JsonOwner;
  readonly #maxDepth: number;
  readonly #path: (string | number)[];
  readonly #ancestors: object[] = [];

  constructor(owner: JsonOwner, root: string, maxDepth: number) {
    this.#owner = owner;
    this.#maxDepth = maxDepth;
    this.#path = [root];
  }

  stringify(value: object): string {
    try {
      if (!isObject(value)) {
        this.#refuse('is not an object. Give an object with named fields.');
      }
      this.#checkObject(value, true);
      return JSON.stringify(value);
    } catch (error) {
      if (error instanceof UnserializableValue) throw error;
      return this.#refuse('has a field that threw while it was read. Give plain data.', error);
    }
  }

  /** Looks at every text, now that one of them is suspect. */
  checkTexts(value: unknown): void {
    if (typeof value === 'string') return this.#checkText(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, field] of Object.entries(value)) {
      this.#path.push(Array.isArray(value) ? Number(key) : key);
      this.#checkText(key);
      this.checkTexts(field);
      this.#path.pop();
    }
  }

  #checkText(text: string): void {
    if (text.includes('\u0000'))
      this.#refuse('contains a NUL character, which PostgreSQL refuses. Remove it.');
    if (!text.isWellFormed()) this.#refuse('contains half a surrogate pair. Repair the text.');
  }

  #check(value: unknown): void {
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return;
      case 'number':
        return this.#checkNumber(value);
      case 'object':
        return value === null ? undefined : this.#checkObject(value, false);
      default:
        this.#refuse(`is a ${typeof value}, which JSON cannot carry. ${adviceFor(typeof value)}`);
    }
  }

  #checkNumber(value: number): void {
    if (!Number.isFinite(value)) this.#refuse(`is ${value}, which JSON cannot carry. Use null or a text.`);
    if (Object.is(value, -0)) this.#refuse('is -0, which JSON stores as 0. Use 0.');
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      this.#refuse(`is ${value}, beyond 2^53 where integers lose digits. Store it as a text.`);
    }
  }

  #checkObject(value: object, isRoot: boolean): void {
    if (this.#ancestors.includes(value))
      this.#refuse('refers back to an object that contains it. Store an id.');
    if (this.#ancestors.length >= this.#maxDepth) {
      this.#refuse(`is more than ${this.#maxDepth} levels deep. Flatten it.`);
    }
    this.#ancestors.push(value);
    if (Array.isArray(value)) this.#checkArray(value);
    else this.#checkFields(value, isRoot);
    this.#ancestors.pop();
  }

  #checkArray(values: readonly unknown[]): void {
    this.#refuseToJson(values);
    const { length } = values;
    for (let index = 0; index < length; index++) {
      const value = values[index];
      this.#path.push(index);
      if (value === undefined) {
        this.#refuse(`is ${index in values ? 'undefined' : 'a hole'}, which JSON turns into null. Use null.`);
      }
      this.#check(value);
      this.#path.pop();
    }
  }

  #checkFields(value: object, isRoot: boolean): void {
    if (isRoot && !isPayloadInstance(value)) {
      this.#refuse(
        `is a ${nameOfClass(value)}, of which JSON keeps no content. Give an object with named fields.`,
      );
    }
    if (!isRoot && !isPlainObject(value)) this.#refuseInstance(value);
    this.#refuseToJson(value);
    for (const key of Object.keys(value)) {
      this.#path.push(key);
      if (refusedKeys.has(key)) this.#refuse('is a name that JavaScript objects reserve. Rename the field.');
      if (key.length > maxKeyLength) {
        this.#refuse(`has a name of ${key.length} characters, and ${maxKeyLength} is the limit.`);
      }
      this.#check((value as Record<string, unknown>)[key]);
      this.#path.pop();
    }
  }

  #refuseToJson(value: object): void {
    if (typeof (value as { toJSON?: unknown }).toJSON !== 'function') return;
    this.#refuse('has a toJSON method, so that what is stored is not what it shows. Give plain data.');
  }

  #refuseInstance(value: object): never {
    const name = nameOfClass(value);
    const advice = `Declare the field with @Type(() => ${name}) of class-transformer, or store plain data.`;
    return this.#refuse(`is a ${name}, which would not come back as one. ${advice}`);
  }

  #refuse(problem: string, cause?: unknown): never {
    const path = this.#path.map(formatStep).join('');
    throw new UnserializableValue(nameOf(this.#owner), path, problem, { cause });
  }
}

function nameOfClass(value: object): string {
  return (value.constructor as { name?: string } | undefined)?.name ?? 'object';
}

function formatStep(step: string | number, index: number): string {
  if (typeof step === 'number') return `[${step}]`;
  const shown = step.length > 60 ? `${step.slice(0, 57)}...` : step;
  if (index === 0) return shown;
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`;
}

function adviceFor(type: string): string {
  return type === 'bigint' ? 'Store it as a text.' : 'Leave it out.';
}

/* The type says so already; callers without a compiler may not have read it. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/*
 * A class of a team's own has its data in fields. Of what is built in, JSON keeps little or nothing; it has a tag of
 * its own, in every realm.
 */
function isPayloadInstance(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}
