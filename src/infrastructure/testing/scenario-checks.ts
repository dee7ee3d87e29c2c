import type { Class } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { explainEvents } from './compare-events.ts';
import { differences, show } from './compare-values.ts';
import { ScenarioFailed } from './scenario-failed.ts';

/** What came of an action. */
export interface Occurrence {
  readonly returned: unknown;
  readonly error: Error | undefined;
  readonly events: readonly object[];
}

/** Values that fields of an error must have; those not named do not matter. */
export type ErrorFields<E> = { readonly [Field in keyof E]?: unknown };

/** Fails unless exactly these events were stored. */
export function expectEvents({ error, events }: Occurrence, expected: readonly object[]): void {
  if (error !== undefined) {
    const wanted = expected.length === 0 ? 'it to succeed' : expected.map(e => classOf(e).name).join(', ');
    throw new ScenarioFailed(`Expected ${wanted}, but it failed with ${describeError(error)}`, {
      cause: error,
    });
  }
  const explanation = explainEvents(expected, events);
  if (explanation !== undefined) throw new ScenarioFailed(explanation);
}

/** Fails unless the action was refused in this way, and nothing was stored. */
export function expectFailure({ error, events }: Occurrence, errorClass: Class<Error>, fields: object): void {
  if (error === undefined) {
    const raised =
      events.length === 0 ? 'stored nothing' : `stored ${events.map(e => classOf(e).name).join(', ')}`;
    throw new ScenarioFailed(`Expected ${errorClass.name}, but it succeeded and ${raised}.`);
  }
  if (!(error instanceof errorClass)) {
    throw new ScenarioFailed(`Expected ${errorClass.name}, but it failed with ${describeError(error)}`, {
      cause: error,
    });
  }
  if (events.length > 0) {
    const stored = events.map(event => classOf(event).name).join(', ');
    throw new ScenarioFailed(`It failed as expected, but left ${stored} behind.`);
  }
  const wrong = Object.entries(fields).flatMap(([name, expected]) =>
    differences(expected, (error as unknown as Record<string, unknown>)[name], name),
  );
  if (wrong.length === 0) return;
  const lines = wrong.map(
    field => `  ${field.path}: expected ${show(field.expected)}, got ${show(field.actual)}`,
  );
  throw new ScenarioFailed([`${errorClass.name} came with other values.`, '', ...lines].join('\n'), {
    cause: error,
  });
}

/** Fails unless the action returned this value. */
export function expectReturn({ error, returned }: Occurrence, expected: unknown): void {
  if (error !== undefined) {
    throw new ScenarioFailed(`Expected it to return, but it failed with ${describeError(error)}`, {
      cause: error,
    });
  }
  const wrong = differences(expected, returned);
  if (wrong.length > 0)
    throw new ScenarioFailed(`Expected it to return ${show(expected)}, but got ${show(returned)}.`);
}

function describeError(error: Error): string {
  const line = (error.stack ?? '').split('\n').find(frame => frame.trim().startsWith('at '));
  return `${error.name}: ${error.message}${line === undefined ? '' : `\n  ${line.trim()}`}`;
}
