import { classOf } from '../domain/class.ts';
import { ValidationFailed } from './message-errors.ts';
import type { ValidationIssue } from './message-errors.ts';

type PathStep = PropertyKey | { readonly key: PropertyKey };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly PathStep[] | undefined;
}

interface StandardResult {
  readonly issues?: readonly StandardIssue[] | undefined;
}

/** The part of the Standard Schema interface that Annals uses; zod, valibot, arktype and others have it. */
export interface StandardSchema {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  };
}

/**
 * Checks a message against the static `schema` of its class, if it has one.
 *
 * @throws {ValidationFailed} with every issue at once
 */
export async function validateMessage(message: object): Promise<void> {
  const messageClass = classOf(message) as { readonly name: string; readonly schema?: StandardSchema };
  if (messageClass.schema === undefined) return;
  const { issues } = await messageClass.schema['~standard'].validate(message);
  if (issues !== undefined) throw new ValidationFailed(messageClass.name, issues.map(toValidationIssue));
}

function toValidationIssue(issue: StandardIssue): ValidationIssue {
  const keys = (issue.path ?? []).map(step => (typeof step === 'object' ? step.key : step));
  const path = keys.map((key, index) =>
    typeof key === 'number' ? `[${key}]` : `${index ? '.' : ''}${String(key)}`,
  );
  return { path: path.join(''), message: issue.message };
}
