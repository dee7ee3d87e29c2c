import { createHash } from 'node:crypto';
import { canonicalJson } from '../events/canonical-json.ts';
import { InvalidQuery } from '../ports/event-store-errors.ts';
import type { DocumentQuery } from '../ports/read-model-store.ts';

/** Where a page of documents begins: after this one, in the query's order. */
export interface DocumentPlace {
  /** The `sortKey` of the field that orders them; empty where the id does. */
  readonly key: string;
  readonly id: string;
}

/** The place that a query's cursor tells; undefined without one. @throws {InvalidQuery} the cursor is not the query's */
export function readDocumentCursor(query: DocumentQuery): DocumentPlace | undefined {
  const { after } = query;
  if (after === undefined) return undefined;
  const place = parse(after);
  if (place !== undefined && writeDocumentCursor(query, place) === after) return place;
  throw new InvalidQuery(
    `The cursor ${JSON.stringify(after).slice(0, 40)} does not belong to this query. ` +
      'Pass nextCursor of the page before, with the same order and conditions.',
  );
}

/** The cursor of the page after one that ended at a place; no other query takes it. */
export function writeDocumentCursor({ where = {}, orderBy }: DocumentQuery, place: DocumentPlace): string {
  const { key, id } = place;
  const order = [orderBy?.field ?? null, orderBy?.direction ?? 'asc'];
  const content = canonicalJson([key, id, order, where]);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return `${Buffer.from(JSON.stringify([key, id])).toString('base64url')}.${digest}`;
}

function parse(cursor: unknown): DocumentPlace | undefined {
  const [, encoded] = /^([\w-]+)\.[0-9a-f]{12}$/.exec(String(cursor)) ?? [];
  try {
    const [key, id, ...rest] = JSON.parse(Buffer.from(encoded ?? '', 'base64url').toString()) as unknown[];
    return typeof key === 'string' && typeof id === 'string' && rest.length === 0 ? { key, id } : undefined;
  } catch {
    return undefined;
  }
}
