import { UnableToApplyEvent } from '../../../domain/index.ts';
import { errorsOf } from '../scenario/act.ts';
import { callerFrames } from '../caller-line.ts';
import type { Law } from './law.ts';

/** An `@On` method neither throws, waits nor raises. */
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
        'never be loaded again; if it waits, the state is not there when the next event needs it; what it raises would be ' +
        'raised again by every load. Check rules before raise(), and do I/O in a handler.',
    };
  },
};

const claims = {
  'threw an error': 'throws',
  'returned a promise': 'returns a promise',
  'raised an event': 'raises an event',
};

function claimOf({ aggregate, method, event, fault }: UnableToApplyEvent): string {
  return `${aggregate}.${method} ${claims[fault]} when ${event} is applied.`;
}

function causeOf({ cause, fault }: UnableToApplyEvent): string[] {
  if (fault === 'returned a promise') return ['    (is it async?)'];
  if (!(cause instanceof Error)) return [];
  return [
    `    ${cause.name}: ${cause.message}`,
    ...callerFrames(cause.stack)
      .slice(0, 1)
      .map(line => `    ${line.trim()}`),
  ];
}
