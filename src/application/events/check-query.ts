import { createHash } from 'node:crypto';
import { checkIdentifier } from '../../domain/identifiers.ts';
import type {
  EventFilter,
  EventQuery,
  FeedFilter,
  ReadFeedOptions,
  ReadStreamOptions,
  SubscribeOptions,
} from '../ports/event-store.ts';
import { InvalidQuery } from '../ports/event-store-errors.ts';
import { canonicalJson } from './canonical-json.ts';
import { isUuid } from './event-id.ts';
import { shown } from './shown.ts';

const maxLimit = 10_000;
// What PostgreSQL reads in the ISO format; beyond, JavaScript writes years with a sign.
const leastTimeMs = Date.parse('0001-01-01T00:00:00.000Z');
const maxTimeMs = Date.parse('9999-12-31T23:59:59.999Z');

const feedFields = ['types', 'aggregateTypes'];
const feedReadFields = [...feedFields, 'afterPosition', 'toPosition', 'batchSize', 'signal'];
const subscriptionFields = [...feedFields, 'from', 'batchSize', 'signal'];
const filterFields = [
  ...[...feedFields, 'aggregateId', 'correlationId', 'causationId', 'userId', 'actor'],
  ...['since', 'until'],
];
const queryFields = [...filterFields, 'order', 'toPosition', 'limit', 'cursor'];
const streamFields = ['fromVersion', 'toVersion', 'since', 'until', 'direction', 'limit'];

/** Refuses what is no object, or says something that nobody reads: a misspelt condition would find everything. */
export function checkFields(what: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidQuery(`The ${what} is ${shown(given)}. Give an object.`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    throw new InvalidQuery(`The ${what} has no "${name}". Give any of ${known.join(', ')}.`);
  }
}

/** Refuses what is none of a few words. */
export function checkWord(name: string, word: unknown, words: readonly string[]): void {
  if (words.includes(word as string)) return;
  throw new InvalidQuery(`The ${name} is ${shown(word)}. Give '${words.join("' or '")}'.`);
}

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

/** Returns a time that every store can compare. */
export function checkTime(name: string, time: unknown): Date {
  if (time instanceof Date && time.getTime() >= leastTimeMs && time.getTime() <= maxTimeMs) return time;
  throw new InvalidQuery(
    `The time "${name}" is ${shown(time)}, which is not a date of the years 1 to 9999. ` +
      "Give a Date, e.g. new Date('2026-01-31').",
  );
}

/** Returns an event id that is a uuid. */
export function checkEventId(eventId: unknown): string {
  if (isUuid(eventId)) return eventId;
  throw new InvalidQuery(`The event id ${shown(eventId)} is not a uuid. Give a uuid.`);
}

/** Returns a command id that could be stored. */
export function checkCommandId(commandId: unknown): string {
  return checkIdentifier('commandId', commandId, 255);
}

/** Refuses bounds of a stream read that make no sense. */
export function checkStreamBounds(options: ReadStreamOptions): void {
  checkFields('read of a stream', options, streamFields);
  if (options.direction !== undefined) checkWord('direction', options.direction, ['forwards', 'backwards']);
  if (options.fromVersion !== undefined) checkBound('fromVersion', options.fromVersion, 0);
  if (options.toVersion !== undefined) checkBound('toVersion', options.toVersion, 0);
  if (options.limit !== undefined) checkBound('limit', options.limit, 1);
  checkTimes(options.since, options.until);
}

/** Refuses bounds of a feed read that make no sense. */
export function checkFeedBounds(options: ReadFeedOptions): void {
  checkFields('read of the feed', options, feedReadFields);
  if (options.afterPosition !== undefined) checkBound('afterPosition', options.afterPosition, 0);
  if (options.toPosition !== undefined) checkBound('toPosition', options.toPosition, 0);
  checkFeedFilter(options);
}

/** Refuses options of a subscription that make no sense. */
export function checkSubscription(options: SubscribeOptions): void {
  checkFields('subscription', options, subscriptionFields);
  const { from } = options;
  const isWord = from === undefined || from === 'start' || from === 'end';
  if (!isWord && !(Number.isSafeInteger(from) && from >= 0)) {
    throw new InvalidQuery(
      `A subscription cannot begin at ${shown(from)}. Give 'start', 'end' or a whole number from 0.`,
    );
  }
  checkFeedFilter(options);
}

/** Refuses a query that makes no sense; its cursor is read by `readCursor`. */
export function checkQuery(query: EventQuery): void {
  checkFields('query', query, queryFields);
  if (query.order !== undefined) checkWord('order', query.order, ['oldest', 'newest']);
  if (query.toPosition !== undefined) checkBound('toPosition', query.toPosition, 0);
  if (query.limit !== undefined) checkLimit('limit', query.limit);
  checkConditions(query);
}

/** Refuses filters that make no sense. */
export function checkFilter(filter: EventFilter): void {
  checkFields('filter', filter, filterFields);
  checkConditions(filter);
}

function checkConditions(filter: EventFilter): void {
  checkTypes(filter);
  checkTimes(filter.since, filter.until);
  for (const field of ['aggregateId', 'correlationId', 'causationId', 'userId', 'actor'] as const) {
    if (filter[field] !== undefined) checkIdentifier(field, filter[field], 1024);
  }
}

function checkFeedFilter(options: FeedFilter & { readonly batchSize?: number | undefined }): void {
  if (options.batchSize !== undefined) checkLimit('batchSize', options.batchSize);
  checkTypes(options);
}

function checkTypes(filter: FeedFilter): void {
  for (const field of ['types', 'aggregateTypes'] as const) {
    const types: unknown = filter[field];
    if (types === undefined) continue;
    if (!Array.isArray(types) || !types.every(type => typeof type === 'string'))
      throw new InvalidQuery(`The filter "${field}" is ${shown(types)}. Give a list of texts.`);
    for (const type of types) checkIdentifier(field, type, 1024);
  }
}

function checkTimes(since: Date | undefined, until: Date | undefined): void {
  for (const [name, time] of Object.entries({ since, until })) {
    if (time !== undefined) checkTime(name, time);
  }
  if (since !== undefined && until !== undefined && since > until) {
    throw new InvalidQuery(
      `The time range is empty: since ${since.toISOString()} is after until ${until.toISOString()}. Swap them.`,
    );
  }
}

/** Where a page of a query begins: after this position, in the query's order. */
export function readCursor(query: EventQuery): number | undefined {
  const { cursor } = query;
  if (cursor === undefined) return undefined;
  const [position] = /^\d{1,15}(?=\.)/.exec(cursor) ?? [];
  if (position !== undefined && writeCursor(query, Number(position)) === cursor) return Number(position);
  throw new InvalidQuery(
    `The cursor ${shown(typeof cursor === 'string' ? cursor.slice(0, 40) : cursor)} does not belong to this query. ` +
      'Pass nextCursor of the page before, with the same order and filters.',
  );
}

/** The cursor of the page after one that ended at `position`; no other query takes it. */
export function writeCursor(query: EventQuery, position: number): string {
  const { cursor: _cursor, limit: _limit, order = 'oldest', ...filter } = query;
  const content = canonicalJson([position, order, filter]);
  return `${position}.${createHash('sha256').update(content).digest('hex').slice(0, 12)}`;
}
