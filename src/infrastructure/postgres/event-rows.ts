import type { Recorded, StreamId } from '../../domain/index.ts';
import { StoredEvent } from '../../application/events/stored-event.ts';
import type { SqlRow } from './sql-client.ts';

/** The select list that `readEvent` reads, for a query over `events e` and `streams s`. */
export const eventColumns = columnsWith('e.payload', 'e.metadata');

/** The same with these expressions for payload and metadata, at `payloadAt` and `metadataAt`. */
export function columnsWith(payload: string, metadata: string): string {
  return `
  e.position, e.version, e.schema_version, e.event_id, e.event_type,
  (date_part('epoch', e.recorded_at) * 1000)::bigint,
  e.correlation_id, e.causation_id, e.user_id, e.actor, ${payload}, ${metadata},
  s.aggregate_type, s.aggregate_id`;
}

/** Which of the columns are payload and metadata. */
export const [payloadAt, metadataAt] = [10, 11];

/** An event of a query that selected `eventColumns`. */
export function readEvent(row: SqlRow): Recorded {
  return readStreamEvent(row, { aggregateType: row[12]!, aggregateId: row[13]! });
}

/** An event of a query over one stream, which need not be told again for each event. */
export function readStreamEvent(row: SqlRow, { aggregateType, aggregateId }: StreamId): Recorded {
  return new StoredEvent({
    position: Number(row[0]),
    version: Number(row[1]),
    schemaVersion: Number(row[2]),
    eventId: row[3]!,
    type: row[4]!,
    recordedAtMs: Number(row[5]),
    correlationId: row[6] ?? null,
    causationId: row[7] ?? null,
    userId: row[8] ?? null,
    actor: row[9] ?? null,
    payloadJson: row[payloadAt]!,
    metadataJson: row[metadataAt] ?? null,
    aggregateType,
    aggregateId,
  });
}
