import type {
  DocumentFilter,
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
  const conditions = documentFilter(query.where);
  const { where } = conditions;
  const order = orderBy(query.orderBy);
  const limit = conditions.parameter(query.limit ?? 100);
  const offset = conditions.parameter(query.offset ?? 0);
  const text = `${where} order by ${order} limit ${limit} offset ${offset}`;
  return { text, parameters: conditions.parameters };
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
    conditions.add(`${field} in (select jsonb_array_elements(@::jsonb))`, JSON.stringify(condition.in));
  }
  for (const [name, operator] of Object.entries(comparisons)) {
    const bound = condition[name as keyof typeof comparisons];
    if (bound === undefined) continue;
    // jsonb orders values of different types too; only values of the bound's own type count.
    conditions.add(`jsonb_typeof(${field}) = @`, typeof bound);
    conditions.add(`${field} ${operator} @::jsonb`, JSON.stringify(bound));
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

function orderBy(order: DocumentQuery['orderBy']): string {
  if (order === undefined) return 'id';
  return `nullif(${fieldAccess(order.field)}, 'null') ${order.direction === 'desc' ? 'desc nulls first' : 'asc nulls last'}, id`;
}
