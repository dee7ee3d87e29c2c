import type { Action } from '../scenario/world.ts';
import { asCode } from './as-code.ts';

/** One thing that happens in an explored story. */
export interface Happening {
  readonly action: Action;
  /** As the argument of `when`. */
  readonly code: string;
  /** As people read it. */
  readonly text: string;
}

/** A call of a method of the aggregate. */
export function methodCall(variable: string, method: string, args: readonly unknown[]): Happening {
  const call = `${method}(${args.map(asCode).join(', ')})`;
  const action = (aggregate: never): unknown =>
    (aggregate as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
  return { action, code: `${variable} => ${variable}.${call}`, text: call };
}

/** A command for the bus or a decider. */
export function commandOf(command: object): Happening {
  const code = asCode(command);
  return { action: command, code, text: code };
}
