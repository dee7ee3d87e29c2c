import type { Class } from '../../../domain/index.ts';
import { subsetDifferences, differences } from '../compare/differences.ts';
import type { EventPattern } from '../compare/event-pattern.ts';
import { explainEvents, explainIncluded, listRows } from '../compare/explain-events.ts';
import { alignEvents } from '../compare/align-events.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { nameOfEvent } from '../compare/name-of-event.ts';
import { paint } from '../compare/paint.ts';
import { listOf, show } from '../compare/show.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import { errorsOf } from './act.ts';
import type { Act } from './act.ts';
import { adviceFor } from './advice-for.ts';
import { describeChange } from './aggregate-state.ts';
import { describeError } from './describe-error.ts';
import { subjectName } from './world.ts';
import type { WorldPlan } from './world.ts';

/** Values that fields of an error must have; those not named do not matter. */
export type ErrorFields<E> = { readonly [Field in keyof E]?: unknown };

/** An act as the checks see it. */
export interface CheckedAct {
  readonly act: Act;
  readonly plan: WorldPlan;
  /** Whether a check of it, before or behind this one, says that it fails. */
  readonly isFailureExpected: boolean;
}

/** Fails unless exactly these events were stored. */
export function expectEvents(checked: CheckedAct, expected: readonly EventPattern<object>[]): void {
  refuseFailure(checked, expected);
  const explanation = explainEvents(expected, checked.act.events);
  if (explanation !== undefined) throw failed(checked, [explanation]);
}

/** Fails unless these events, in this order, are among those that were stored. */
export function expectIncluded(checked: CheckedAct, expected: readonly EventPattern<object>[]): void {
  refuseFailure(checked, expected);
  const explanation = explainIncluded(expected, checked.act.events);
  if (explanation !== undefined) throw failed(checked, [explanation]);
}

/** Fails unless the act, or one of two, was refused in this way. */
export function expectFailure(checked: CheckedAct, errorClass: Class<Error>, fields: object): void {
  const { act } = checked;
  const errors = errorsOf(act);
  if (errors.length === 0) throw failed(checked, [paint(succeeded(act, errorClass.name), 'loud')]);
  for (const error of errors) {
    if (!(error instanceof errorClass)) {
      throw failed(
        checked,
        [
          paint(`Expected ${errorClass.name}, but it failed with another error:`, 'loud'),
          ...describeError(error),
        ],
        error,
      );
    }
    const wrong = Object.entries(fields).flatMap(([name, expected]) =>
      differences(expected, (error as unknown as Record<string, unknown>)[name], name),
    );
    if (wrong.length === 0) continue;
    const cause = `It was refused with ${errorClass.name}, but with other values of ${listOf(wrong.map(({ path }) => path))}.`;
    throw failed(checked, [paint(cause, 'loud'), '', ...listDifferences(wrong)], error);
  }
}

/** Fails unless the act returned this value. */
export function expectReturn(checked: CheckedAct, expected: unknown): void {
  refuseFailure(checked, []);
  const returned = checked.act.outcomes[0]?.returned;
  const wrong = differences(expected, returned);
  if (wrong.length === 0) return;
  const cause =
    returned === undefined
      ? `It returned nothing, but ${show(expected)} was expected. Does the function or handler return its result?`
      : 'It returned something else.';
  throw failed(checked, [paint(cause, 'loud'), '', ...listDifferences(wrong)]);
}

/** Fails unless the aggregate has these fields. */
export function expectState(checked: CheckedAct, expected: object, state: object): void {
  refuseFailure(checked, []);
  const wrong = subsetDifferences(expected, state);
  if (wrong.length === 0) return;
  const cause = `The aggregate has other values of ${listOf(wrong.map(({ path }) => path))}.`;
  throw failed(checked, [paint(cause, 'loud'), '', ...listDifferences(wrong)]);
}

/** Fails if the act failed and nobody said that it would. */
export function refuseFailure(checked: CheckedAct, expected: readonly EventPattern<object>[]): void {
  const [error] = errorsOf(checked.act);
  if (error === undefined || checked.isFailureExpected) return;
  const advice = adviceFor(error, checked.plan);
  const rows = alignEvents(expected, checked.act.events);
  throw failed(
    checked,
    [
      paint('It failed, but nobody expected that:', 'loud'),
      ...describeError(error),
      ...(advice === undefined ? [] : ['', `  ${advice}`]),
      ...(rows.length === 0 ? [] : ['', ...listRows(rows)]),
    ],
    error,
  );
}

/** A failure with the state before and after. */
export function failed({ act, plan }: CheckedAct, lines: readonly string[], cause?: Error): ScenarioFailed {
  const state =
    plan.subject === undefined ? [] : ['', ...describeChange(subjectName(plan), act.before, act.after)];
  return new ScenarioFailed([...lines, ...state].join('\n'), cause === undefined ? undefined : { cause });
}

function succeeded({ events, outcomes }: Act, name: string): string {
  const stored = events.length === 0 ? 'stored nothing' : `stored ${listOf(events.map(nameOfEvent))}`;
  const subject = outcomes.length > 1 ? 'both succeeded and' : 'it succeeded and';
  return `Expected ${name}, but ${subject} ${stored}.`;
}
