import { UnableToApplyEvent } from '../../../domain/aggregate-root.ts';
import { errorsOf } from '../scenario/act.ts';
import { callerFrames } from '../caller-line.ts';
import type { Law } from './law.ts';

/** An `@On` method neither throws nor waits. */
export const applyOnlyChangesState: Law = {
  name: 'apply-only-changes-state',
  async check(_world, act) {
    const fault = errorsOf(act).find(error => error instanceof UnableToApplyEvent);
    if (fault === undefined) return undefined;
    return {
      law: 'apply-only-changes-state',
      claim: claimOf(fault),
      details: causeOf(fault),
      why:
        'An @On method runs again on every load, for as long as the event is stored. If it throws, the aggregate can ' +
        'never be loaded again; if it waits, the state is not there when the next event needs it. Check rules before ' +
        'raise(), and do I/O in a handler.',
    };
  },
};

function claimOf({ aggregate, method, event, cause }: UnableToApplyEvent): string {
  const what = cause === undefined ? 'returns a promise' : 'throws';
  return `${aggregate}.${method} ${what} when ${event} is applied.`;
}

function causeOf({ cause }: UnableToApplyEvent): string[] {
  if (!(cause instanceof Error)) return ['    (is it async?)'];
  return [
    `    ${cause.name}: ${cause.message}`,
    ...callerFrames(cause.stack)
      .slice(0, 1)
      .map(line => `    ${line.trim()}`),
  ];
}
