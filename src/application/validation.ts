import type { Class } from '../domain/index.ts';
import { classOf, isPlainObject } from '../domain/class.ts';
import { ValidationFailed } from './message-errors.ts';
import type { ValidationIssue } from './message-errors.ts';

type PathStep = PropertyKey | { readonly key: PropertyKey };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly PathStep[] | undefined;
}

interface StandardResult {
  /** What the schema made of the value, where it is valid. */
  readonly value?: unknown;
  readonly issues?: readonly StandardIssue[] | undefined;
}

/** The part of the Standard Schema interface that Annals uses; zod, valibot, arktype and others have it. */
export interface StandardSchema {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    /** The Standard JSON Schema interface, where the library has it. */
    readonly jsonSchema?:
      | { readonly input: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown> }
      | undefined;
  };
}

/* What a schema has made: to hand it to the schema once more would change it a second time. */
const made = new WeakSet();

/** Notes that the fields of a message are what the schema of its class has made of them. */
export function markMade(message: object): void {
  made.add(message);
}

/**
 * Checks a message against the static `schema` of its class, if it has one; returns what it is to be handled as.
 *
 * That is the message itself, or, where the schema changes a field or adds one, an instance with the fields of both;
 * those that the schema does not know stay. Private `#fields` do not come along.
 *
 * @throws {ValidationFailed} with every issue at once
 */
export async function validateMessage<Message extends object>(message: Message): Promise<Message> {
  const messageClass = classOf(message);
  const schema = schemaOf(messageClass);
  if (schema === undefined || made.has(message)) return message;
  const changes = changesOf(message, await validated(messageClass, schema, message));
  if (changes.length === 0) return message;
  const copy = Object.create(Object.getPrototypeOf(message) as object) as Message;
  Object.assign(copy, message, Object.fromEntries(changes));
  markMade(copy);
  return copy;
}

/* The fields that are another value now. What the class reckons itself, by a getter, is no field. */
function changesOf(message: object, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).filter(
    ([name, field]) =>
      !holdsTheSame((message as Record<string, unknown>)[name], field) &&
      (Object.hasOwn(message, name) || !(name in message)),
  );
}

/* A schema makes plain objects of value objects; where it changes nothing in them, they are better left as they are. */
function holdsTheSame(given: unknown, field: unknown): boolean {
  if (Object.is(given, field)) return true;
  if (!isObject(given) || !isObject(field) || !isPlain(field)) return false;
  const entries = Object.entries(field);
  return (
    Array.isArray(given) === Array.isArray(field) &&
    entries.length === Object.keys(given).length &&
    entries.every(([name, value]) => Object.hasOwn(given, name) && holdsTheSame(given[name], value))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || isPlainObject(value);
}

/** The static `schema` of a class of messages. */
export function schemaOf(messageClass: Class): StandardSchema | undefined {
  return (messageClass as { readonly schema?: StandardSchema }).schema;
}

/**
 * What the schema of a class makes of a value: with defaults, and without what it does not know.
 *
 * @throws {ValidationFailed} with every issue at once
 */
export async function validated(
  messageClass: Class,
  schema: StandardSchema,
  given: unknown,
): Promise<unknown> {
  const { issues, value } = await schema['~standard'].validate(given);
  if (issues === undefined) return value;
  throw new ValidationFailed(messageClass.name, issues.map(toValidationIssue));
}

function toValidationIssue(issue: StandardIssue): ValidationIssue {
  const keys = (issue.path ?? []).map(step => (typeof step === 'object' ? step.key : step));
  const path = keys.map((key, index) =>
    typeof key === 'number' ? `[${key}]` : `${index ? '.' : ''}${String(key)}`,
  );
  return { path: path.join(''), message: issue.message };
}
