import type { Actor } from '../../domain/index.ts';
import type { EventFilter, EventQuery } from '../../application/index.ts';
import { invalidRequest } from './http-errors.ts';

/** Filters as they come in an address, checked against their schema. */
export interface FilterParameters {
  readonly aggregate_type?: string;
  readonly aggregate_id?: string;
  readonly event_type?: string;
  readonly correlation_id?: string;
  readonly causation_id?: string;
  readonly user_id?: string;
  readonly created_by?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Filters and a page as they come in an address, checked against their schema. */
export interface ListParameters extends FilterParameters {
  readonly limit: number;
  readonly offset: number;
  readonly order: 'oldest' | 'newest';
  readonly cursor?: string;
}

// Date alone means the beginning of that day in UTC; a time without a zone would mean something else on each machine.
const timePattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;
// The store reads from the beginning of the query to skip an offset, and reads so many events at most.
const farthestOffset = 10_000;

/** The filter that parameters ask for. */
export function readFilter(parameters: FilterParameters): EventFilter {
  const { aggregate_type: aggregateType, event_type: type, created_by: createdBy, actor } = parameters;
  if (createdBy !== undefined && actor !== undefined) {
    throw invalidRequest('query/actor', 'is another name of created_by: give one of them');
  }
  return {
    types: type === undefined ? undefined : [type],
    aggregateTypes: aggregateType === undefined ? undefined : [aggregateType],
    aggregateId: parameters.aggregate_id,
    correlationId: parameters.correlation_id,
    causationId: parameters.causation_id,
    userId: parameters.user_id,
    actor: (createdBy ?? actor) as Actor | undefined,
    since: readTime('since', parameters.since),
    until: readTime('until', parameters.until),
  };
}

/** The time that a parameter, or a field of the body, names. */
export function readTime(name: string, text: string | undefined, part = 'query'): Date | undefined {
  if (text === undefined) return undefined;
  // A "+" of a zone arrives as a blank unless it was encoded.
  const time = text.replace(' ', '+');
  const date = new Date(time);
  if (timePattern.test(time) && !Number.isNaN(date.getTime()) && isDay(time.slice(0, 10))) return date;
  throw invalidRequest(
    `${part}/${name}`,
    'is no time. Give a day or a time with a zone: 2026-01-31T12:00:00Z',
  );
}

/* The 31st of February is read as one of March. */
function isDay(day: string): boolean {
  return new Date(day).toISOString().startsWith(day);
}

/** The query that a page needs; `skip` of its first events are not part of it. */
export function readQuery(parameters: ListParameters): { readonly query: EventQuery; readonly skip: number } {
  const { limit, offset, order, cursor } = parameters;
  if (cursor !== undefined && offset > 0) {
    throw invalidRequest('query/offset', 'cannot be given with a cursor, which says where the page begins');
  }
  if (limit + offset > farthestOffset) {
    throw invalidRequest(
      'query/offset',
      `with the limit is beyond ${farthestOffset}. Follow next_cursor instead`,
    );
  }
  return { query: { ...readFilter(parameters), limit: limit + offset, order, cursor }, skip: offset };
}
