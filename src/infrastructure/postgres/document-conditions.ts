import { readDocumentCursor } from '../../application/documents/document-cursor.ts';
import type { DocumentPlace } from '../../application/documents/document-cursor.ts';
import type {
  DocumentFilter,
  DocumentOrder,
  DocumentQuery,
  FieldCondition,
} from '../../application/ports/read-model-store.ts';
import { checkDocumentFilter, checkDocumentQuery } from '../../application/events/check-document-query.ts';
import { EventConditions } from './event-conditions.ts';
import type { SqlParameter } from './sql-client.ts';

const comparisons = { lessThan: '<', greaterThan: '>', atLeast: '>=', atMost: '<=' } as const;

/** The part of a statement behind `from` that finds documents, with its parameters. */
export function documentConditions(query: DocumentQuery): {
  text: string;
  parameters: readonly SqlParameter[];
} {
  checkDocumentQuery(query);
  const place = readDocumentCursor(query);
  const conditions = documentFilter(query.where);
  const { field, direction = 'asc' } = query.orderBy ?? {};
  if (place !== undefined) addPlace(conditions, place, query.orderBy);
  const columns = field === undefined ? ['id'] : [sortKeyOf(field), 'id'];
  const order = columns.map(column => `${column} ${direction}`).join(', ');
  const { where } = conditions;
  // One more than wanted tells whether there is a next page.
  const limit = conditions.parameter((query.limit ?? 100) + 1);
  return { text: `${where} order by ${order} limit ${limit}`, parameters: conditions.parameters };
}

/** The text of a document's `sortKey` for a query, for the schema `annals`. */
export function sortKeyText(order: DocumentOrder | undefined): string {
  return order?.field === undefined ? "''" : `convert_from(${sortKeyOf(order.field)}, 'UTF8')`;
}

/** The conditions of a filter on documents. */
export function documentFilter(where: DocumentFilter = {}): EventConditions {
  checkDocumentFilter(where);
  const conditions = new EventConditions();
  for (const [field, condition] of Object.entries(where)) {
    if (condition !== undefined) addCondition(conditions, fieldAccess(field), condition);
  }
  return conditions;
}

function addCondition(conditions: EventConditions, field: string, condition: FieldCondition): void {
  if (condition === null || typeof condition !== 'object') return addEquals(conditions, field, condition);
  if (condition.equals !== undefined) addEquals(conditions, field, condition.equals);
  if (condition.in !== undefined) {
    // What is absent counts as null here too.
    const actual = condition.in.includes(null) ? `coalesce(${field}, 'null')` : field;
    conditions.add(`${actual} in (select jsonb_array_elements(@::jsonb))`, JSON.stringify(condition.in));
  }
  for (const [name, operator] of Object.entries(comparisons)) {
    const bound = condition[name as keyof typeof comparisons];
    if (bound === undefined) continue;
    // jsonb orders values of different types too; only values of the bound's own type count.
    conditions.add(`jsonb_typeof(${field}) = @`, typeof bound);
    // And it orders texts by the language of the database.
    if (typeof bound === 'string') conditions.add(`(${field} #>> '{}') collate "C" ${operator} @`, bound);
    else conditions.add(`${field} ${operator} @::jsonb`, JSON.stringify(bound));
  }
}

function addEquals(
  conditions: EventConditions,
  field: string,
  value: string | number | boolean | null,
): void {
  const actual = value === null ? `coalesce(${field}, 'null')` : field;
  conditions.add(`${actual} = @::jsonb`, JSON.stringify(value));
}

/* A path cannot be a parameter of an index expression, so it stands in the text; its names were checked. */
function fieldAccess(path: string): string {
  return `(document #> '{${path.split('.').join(',')}}')`;
}

/* Rows are compared as a whole, so that an index on both leads to the place. */
function addPlace(conditions: EventConditions, { key, id }: DocumentPlace, order: DocumentOrder = {}): void {
  const behind = order.direction === 'desc' ? '<' : '>';
  if (order.field === undefined) return void conditions.add(`id ${behind} @`, id);
  const keyParameter = conditions.parameter(Buffer.from(key));
  conditions.add(`(${sortKeyOf(order.field)}, id) ${behind} (${keyParameter}::bytea, @)`, id);
}

function sortKeyOf(field: string): string {
  return `annals.sort_key(${fieldAccess(field)})`;
}
