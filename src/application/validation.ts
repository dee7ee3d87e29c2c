import type { Class } from '../domain/index.ts';
import { classOf } from '../domain/class.ts';
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

/**
 * Checks a message against the static `schema` of its class, if it has one.
 *
 * @throws {ValidationFailed} with every issue at once
 */
export async function validateMessage(message: object): Promise<void> {
  const messageClass = classOf(message);
  const schema = schemaOf(messageClass);
  if (schema !== undefined) await validated(messageClass, schema, message);
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
