import { readDocumentCursor, writeDocumentCursor } from '../../application/documents/document-cursor.ts';
import type { DocumentPlace } from '../../application/documents/document-cursor.ts';
import { compareTexts, sortKey } from '../../application/documents/sort-key.ts';
import type {
  DocumentQuery,
  FieldCondition,
  FoundDocuments,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';

type Comparable = string | number | boolean | null;

/** The page of documents that a query asks for, in its order. */
export function findDocuments(documents: readonly StoredDocument[], query: DocumentQuery): FoundDocuments {
  const { where = {}, orderBy = {}, limit = 100 } = query;
  const { field, direction = 'asc' } = orderBy;
  const place = readDocumentCursor(query);
  const sign = direction === 'desc' ? -1 : 1;
  const compare = (a: DocumentPlace, b: DocumentPlace): number =>
    sign * (compareTexts(a.key, b.key) || compareTexts(a.id, b.id));
  const found = matching(documents, where)
    .map(found => ({
      found,
      key: field === undefined ? '' : sortKey(fieldOf(found.document, field)),
      id: found.id,
    }))
    .filter(found => place === undefined || compare(found, place) > 0)
    .sort(compare);
  const last = found.length > limit ? found[limit - 1] : undefined;
  return {
    documents: found.slice(0, limit).map(({ found: document }) => document),
    nextCursor: last && writeDocumentCursor(query, last),
  };
}

/** The documents that satisfy every condition. */
export function matching(
  documents: readonly StoredDocument[],
  where: NonNullable<DocumentQuery['where']>,
): StoredDocument[] {
  return documents.filter(({ document }) =>
    Object.entries(where).every(([field, condition]) => satisfies(fieldOf(document, field), condition!)),
  );
}

function fieldOf(document: unknown, path: string): Comparable {
  let value = document;
  for (const name of path.split('.'))
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : null;
  return value as Comparable;
}

/* A text has a length, and a list too, but in the database neither has fields. */
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function satisfies(value: Comparable, condition: FieldCondition): boolean {
  if (condition === null || typeof condition !== 'object') return value === condition;
  const { equals, lessThan, greaterThan, atLeast, atMost } = condition;
  if (equals !== undefined && value !== equals) return false;
  if (condition.in !== undefined && !condition.in.includes(value)) return false;
  if (lessThan !== undefined && !isBetween(value, lessThan, order => order < 0)) return false;
  if (greaterThan !== undefined && !isBetween(value, greaterThan, order => order > 0)) return false;
  if (atLeast !== undefined && !isBetween(value, atLeast, order => order >= 0)) return false;
  return atMost === undefined || isBetween(value, atMost, order => order <= 0);
}

function isBetween(value: Comparable, bound: string | number, fits: (order: number) => boolean): boolean {
  return typeof value === typeof bound && fits(compareTexts(exactKey(value), exactKey(bound)));
}

/* Unlike the order of documents, a condition looks at the whole text. */
function exactKey(value: Comparable): string {
  return typeof value === 'string' ? value : sortKey(value);
}
