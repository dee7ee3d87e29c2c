import { checkIdentifier } from '../../domain/identifiers.ts';
import type {
  DocumentFilter,
  DocumentOrder,
  DocumentQuery,
  FieldCondition,
} from '../ports/read-model-store.ts';
import { InvalidQuery } from '../ports/event-store-errors.ts';
import { checkFields, checkLimit, checkWord } from './check-query.ts';
import { shown } from './shown.ts';

const operators = new Set(['equals', 'in', 'lessThan', 'greaterThan', 'atLeast', 'atMost']);
const fieldPattern = /^[A-Za-z_][A-Za-z0-9_]{0,59}(\.[A-Za-z_][A-Za-z0-9_]{0,59})*$/;

/**
 * Refuses a query that makes no sense; a condition that says nothing would find everything.
 *
 * @throws {InvalidQuery} names the field and the value
 */
export function checkDocumentQuery(query: DocumentQuery): void {
  checkFields('query of documents', query, ['where', 'orderBy', 'limit', 'after']);
  if (query.where !== undefined) checkDocumentFilter(query.where);
  if (query.orderBy !== undefined) checkOrder(query.orderBy);
  checkLimit('limit', query.limit ?? 100);
}

/** Refuses a filter that makes no sense. @throws {InvalidQuery} */
export function checkDocumentFilter(where: DocumentFilter): void {
  if (!isPlainObject(where)) {
    throw new InvalidQuery(`The conditions are ${shown(where)}. Give an object of fields and conditions.`);
  }
  for (const [field, condition] of Object.entries(where)) checkCondition(checkField(field), condition);
}

/** Refuses ids that no document can have. @throws {InvalidIdentifier} */
export function checkDocumentIds(ids: readonly string[]): void {
  for (const id of ids) checkIdentifier('document id', id, 1024);
}

function checkOrder(order: DocumentOrder): void {
  checkFields('order', order, ['field', 'direction']);
  if (order.field !== undefined) checkField(order.field);
  if (order.direction !== undefined) checkWord('direction', order.direction, ['asc', 'desc']);
}

function checkField(field: unknown): string {
  if (typeof field === 'string' && fieldPattern.test(field)) return field;
  throw new InvalidQuery(
    `The field ${shown(field)} cannot be queried. ` +
      'Name fields with letters, digits and underscores, and nested ones with dots.',
  );
}

function checkCondition(field: string, condition: FieldCondition | undefined): void {
  if (isValue(condition)) return;
  const entries = Object.entries(isPlainObject(condition) ? condition : {});
  const fits = ([operator, bound]: [string, unknown]): boolean =>
    operators.has(operator) &&
    (operator === 'in' ? Array.isArray(bound) && bound.every(isValue) : isValue(bound)) &&
    // Nothing is less or more than nothing.
    (operator === 'equals' || bound !== null);
  if (entries.length > 0 && entries.every(fits)) return;
  throw new InvalidQuery(
    `The condition on "${field}" is ${shown(condition)}. Give a text, a number, a boolean or null, or an object with ` +
      `${[...operators].join(', ')}. Leave the field out to accept every value.`,
  );
}

function isValue(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\u0000') && value.isWellFormed();
  return (
    value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  );
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
