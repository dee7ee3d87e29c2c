import { classOf } from '../../domain/class.ts';
import { NotAuthorized, ValidationFailed } from '../message-errors.ts';
import type { ValidationIssue } from '../message-errors.ts';
import type { CommandContext } from './command-handler.ts';
import type { CommandMiddleware } from './command-middleware.ts';
import type { Command } from './command.ts';

/** Lets a command pass where `mayDispatch` answers true. */
export function authorization(
  mayDispatch: (command: Command<unknown>, context: CommandContext) => boolean | Promise<boolean>,
): CommandMiddleware {
  return async (command, context, next) => {
    if (await mayDispatch(command, context)) return next();
    return { status: 'failed', error: new NotAuthorized(classOf(command).name, context.userId) };
  };
}

/** The shape of class-validator's errors. */
interface ClassValidationError {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>> | undefined;
  readonly children?: readonly ClassValidationError[] | undefined;
}

/** Checks commands by the decorators of class-validator: pass that package's `validate`. */
export function classValidation(
  validate: (command: object) => Promise<readonly ClassValidationError[]>,
): CommandMiddleware {
  return async (command, _context, next) => {
    const issues = (await validate(command)).flatMap(error => toIssues(error, ''));
    if (issues.length === 0) return next();
    return { status: 'failed', error: new ValidationFailed(classOf(command).name, issues) };
  };
}

function toIssues(error: ClassValidationError, prefix: string): ValidationIssue[] {
  const path = prefix === '' ? error.property : `${prefix}.${error.property}`;
  const own = Object.values(error.constraints ?? {}).map(message => ({ path, message }));
  return [...own, ...(error.children ?? []).flatMap(child => toIssues(child, path))];
}
