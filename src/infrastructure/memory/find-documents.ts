import type {
  DocumentQuery,
  FieldCondition,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';

type Comparable = string | number | boolean | null;

/** The documents that a query asks for, in its order. */
export function findDocuments(documents: readonly StoredDocument[], query: DocumentQuery): StoredDocument[] {
  const { where = {}, orderBy, limit = 100, offset = 0 } = query;
  const found = documents.filter(({ document }) =>
    Object.entries(where).every(([field, condition]) => satisfies(fieldOf(document, field), condition!)),
  );
  found.sort((a, b) => compareBy(orderBy, a, b) || compare(a.id, b.id));
  return found.slice(offset, offset + limit);
}

function compareBy(orderBy: DocumentQuery['orderBy'], a: StoredDocument, b: StoredDocument): number {
  if (orderBy === undefined) return 0;
  const order = compare(fieldOf(a.document, orderBy.field), fieldOf(b.document, orderBy.field));
  return orderBy.direction === 'desc' ? -order : order;
}

function fieldOf(document: unknown, path: string): Comparable {
  let value = document;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return (value ?? null) as Comparable;
}

function satisfies(value: Comparable, condition: FieldCondition): boolean {
  if (condition === null || typeof condition !== 'object') return value === condition;
  const { equals, lessThan, greaterThan, atLeast, atMost } = condition;
  if (equals !== undefined && value !== equals) return false;
  if (condition.in !== undefined && !condition.in.includes(value as string)) return false;
  if (lessThan !== undefined && !isBetween(value, lessThan, order => order < 0)) return false;
  if (greaterThan !== undefined && !isBetween(value, greaterThan, order => order > 0)) return false;
  if (atLeast !== undefined && !isBetween(value, atLeast, order => order >= 0)) return false;
  return atMost === undefined || isBetween(value, atMost, order => order <= 0);
}

function isBetween(value: Comparable, bound: string | number, fits: (order: number) => boolean): boolean {
  return typeof value === typeof bound && fits(compare(value, bound));
}

/* Absent values come last, as in PostgreSQL. */
function compare(a: Comparable, b: Comparable): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}
