import { checkIdentifier } from '../../domain/identifiers.ts';
import { checkFeedBounds, checkFields } from '../events/check-query.ts';
import { shown } from '../events/shown.ts';
import { ConsumerDiffers } from '../ports/consumer-errors.ts';
import type { Consumer } from '../ports/consumer-store.ts';
import type { FeedFilter } from '../ports/event-store.ts';
import { InvalidQuery } from '../ports/event-store-errors.ts';

/** What a consumer gets, settled when it is first named. */
export interface ConsumerOptions extends FeedFilter {
  /** `start` (default): all events there are; `end`: what is settled later than now. */
  readonly from?: 'start' | 'end' | undefined;
  /** How often an event is handed out before it is parked; default 5. */
  readonly maxAttempts?: number | undefined;
}

/** The name of the consumer of those who name none. */
export const defaultConsumer = 'default';
/** How often an event is handed out before it is parked, unless a consumer says otherwise. */
export const defaultMaxAttempts = 5;

const optionFields = ['from', 'types', 'aggregateTypes', 'maxAttempts'];
const longestName = 100;
const mostAttempts = 1_000;
const longestError = 10_000;
const leastLeaseMs = 1_000;
// A day: whoever needs longer extends the lease, or nobody would notice for days that they died.
const longestLeaseMs = 86_400_000;

/** Returns a name that can be stored. */
export function checkConsumerName(name: unknown): string {
  return checkIdentifier('consumer', name, longestName);
}

/** Refuses options that make no sense. @param others - what else may be given beside them */
export function checkConsumerOptions(options: ConsumerOptions, others: readonly string[]): void {
  checkFields('pull or opening of a consumer', options, [...optionFields, ...others]);
  const { from, types, aggregateTypes, maxAttempts } = options;
  checkFeedBounds({ types, aggregateTypes });
  const asked: unknown = from;
  if (asked !== undefined && asked !== 'start' && asked !== 'end') {
    throw new InvalidQuery(`A consumer cannot begin at ${JSON.stringify(asked)}. Give 'start' or 'end'.`);
  }
  if (maxAttempts !== undefined) checkWithin('maxAttempts', maxAttempts, 1, mostAttempts);
}

/** Returns how long a lease lasts: from a second to a day. */
export function checkLease(leaseMs: number): number {
  return checkWithin('leaseMs', leaseMs, leastLeaseMs, longestLeaseMs);
}

/** Returns how long a failed event waits: at most a day. */
export function checkRetryAfter(retryAfterMs: number): number {
  return checkWithin('retryAfterMs', retryAfterMs, 0, longestLeaseMs);
}

/** Returns why an event failed, as it can be stored: without what PostgreSQL refuses, and not too long. */
export function checkFailure(error: unknown): string {
  if (typeof error === 'string') return error.replaceAll('\0', '').slice(0, longestError).toWellFormed();
  throw new InvalidQuery(`The error of a failure is ${shown(error)}. Give its text, e.g. error.message.`);
}

/** Whether two get the same events. */
export function getsTheSame(left: FeedFilter, right: FeedFilter): boolean {
  return (['types', 'aggregateTypes'] as const).every(field => sorted(left[field]) === sorted(right[field]));
}

/** Refuses options under which a consumer was not made. @throws {ConsumerDiffers} */
export function checkSameOptions(consumer: Consumer, options: ConsumerOptions): void {
  for (const field of ['types', 'aggregateTypes'] as const) {
    const [stored, asked] = [consumer[field], options[field]];
    if (asked !== undefined && sorted(asked) !== sorted(stored)) {
      throw new ConsumerDiffers(consumer.name, field, stored, asked);
    }
  }
  const { maxAttempts = consumer.maxAttempts } = options;
  if (maxAttempts !== consumer.maxAttempts) {
    throw new ConsumerDiffers(consumer.name, 'maxAttempts', consumer.maxAttempts, maxAttempts);
  }
}

function sorted(types: readonly string[] | undefined): string {
  return JSON.stringify(types && [...new Set(types)].sort());
}

function checkWithin(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidQuery(`The ${name} is ${String(value)}. Give a whole number from ${least} to ${most}.`);
}
