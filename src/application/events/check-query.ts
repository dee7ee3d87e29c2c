import { checkIdentifier } from '../../domain/identifiers.ts';
import type { EventFilter, EventQuery, ReadFeedOptions, ReadStreamOptions } from '../ports/event-store.ts';
import { InvalidQuery } from '../ports/event-store-errors.ts';

const maxLimit = 10_000;

/** Returns a page size that is a whole number from 1 to 10,000. */
export function checkLimit(name: string, limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw new InvalidQuery(`The ${name} is ${String(limit)}. Give a whole number from 1 to ${maxLimit}.`);
}

/** Returns a position or version that is a safe integer from `least`. */
export function checkBound(name: string, bound: number, least: number): number {
  if (Number.isSafeInteger(bound) && bound >= least) return bound;
  throw new InvalidQuery(`The ${name} is ${String(bound)}. Give a whole number from ${least}.`);
}

/** Refuses bounds of a stream read that make no sense. */
export function checkStreamBounds(options: ReadStreamOptions): void {
  if (options.fromVersion !== undefined) checkBound('fromVersion', options.fromVersion, 0);
  if (options.toVersion !== undefined) checkBound('toVersion', options.toVersion, 0);
  if (options.limit !== undefined) checkBound('limit', options.limit, 1);
  checkTimes(options.since, options.until);
}

/** Refuses bounds of a feed read that make no sense. */
export function checkFeedBounds(options: ReadFeedOptions): void {
  if (options.afterPosition !== undefined) checkBound('afterPosition', options.afterPosition, 0);
  if (options.toPosition !== undefined) checkBound('toPosition', options.toPosition, 0);
  if (options.batchSize !== undefined) checkLimit('batchSize', options.batchSize);
}

/** Refuses filters that make no sense. */
export function checkFilter(filter: EventFilter): void {
  checkTimes(filter.since, filter.until);
  for (const field of ['aggregateId', 'correlationId', 'causationId', 'userId', 'actor'] as const) {
    if (filter[field] !== undefined) checkIdentifier(field, filter[field], 1024);
  }
}

function checkTimes(since: Date | undefined, until: Date | undefined): void {
  for (const [name, time] of Object.entries({ since, until })) {
    if (time !== undefined && Number.isNaN(time.getTime())) {
      throw new InvalidQuery(
        `The time "${name}" is not a valid date. Give a Date, e.g. new Date('2026-01-31').`,
      );
    }
  }
  if (since !== undefined && until !== undefined && since > until) {
    throw new InvalidQuery(
      `The time range is empty: since ${since.toISOString()} is after until ${until.toISOString()}. Swap them.`,
    );
  }
}

/** Where a page of a query begins: after this position, in the query's order. */
export function readCursor(query: EventQuery): number | undefined {
  if (query.cursor === undefined) return undefined;
  const [order, position] = query.cursor.split('.');
  const after = Number(position);
  if (order !== (query.order ?? 'oldest') || !/^\d{1,15}$/.test(position ?? '')) {
    throw new InvalidQuery(
      `The cursor ${JSON.stringify(query.cursor.slice(0, 40))} does not belong to this query. ` +
        'Pass nextCursor of the page before, with the same order.',
    );
  }
  return after;
}

/** The cursor of the page after one that ended at `position`. */
export function writeCursor(query: EventQuery, position: number): string {
  return `${query.order ?? 'oldest'}.${position}`;
}
