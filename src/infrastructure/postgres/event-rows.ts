import type { Recorded, StreamId } from '../../domain/index.ts';
import { StoredEvent } from '../../application/events/stored-event.ts';
import type { SqlRow } from './sql-client.ts';

/** The select list that `readEvent` reads, for a query over `events e` and `streams s`. */
export const eventColumns = columnsWith('e.payload', 'e.metadata');

/** The same with these expressions for payload and metadata. */
export function columnsWith(payload: string, metadata: string): string {
  return `
  annals.envelope(
    e.position, e.version, e.schema_version, e.event_id, e.event_type, e.recorded_at,
    e.correlation_id, e.causation_id, e.user_id, e.actor, s.aggregate_type, s.aggregate_id
  ),
  ${payload}, ${metadata}`;
}

/** Which of the columns are payload and metadata. */
export const [payloadAt, metadataAt] = [1, 2];
/** How many columns an event has. */
export const eventWidth = 3;

/** An event of a query that selected `eventColumns`. */
export function readEvent(row: SqlRow): Recorded {
  return toEvent(row, undefined);
}

/** An event of a query over one stream, which need not be told again for each event. */
export function readStreamEvent(row: SqlRow, stream: StreamId): Recorded {
  return toEvent(row, stream);
}

/** The position of an event that was not read yet. */
export function positionOf(row: SqlRow): number {
  return Number.parseInt(row[0]!, 10);
}

/* The envelope keeps the order of `annals.envelope`. */
function toEvent(row: SqlRow, stream: StreamId | undefined): Recorded {
  const envelope = row[0]!.split('\x1f');
  const [position, version, schemaVersion, eventId, type, recordedAtMs] = envelope;
  return new StoredEvent({
    position: Number(position),
    version: Number(version),
    schemaVersion: Number(schemaVersion),
    eventId: eventId!,
    type: type!,
    recordedAtMs: Number(recordedAtMs),
    correlationId: orNull(envelope[6]!),
    causationId: orNull(envelope[7]!),
    userId: orNull(envelope[8]!),
    actor: orNull(envelope[9]!),
    payloadJson: row[payloadAt]!,
    metadataJson: row[metadataAt] ?? null,
    aggregateType: stream?.aggregateType ?? envelope[10]!,
    aggregateId: stream?.aggregateId ?? envelope[11]!,
  });
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
