import type { Recorded } from '../../domain/index.ts';

/** An event as JSON on the wire. */
export interface EventOnWire {
  readonly id: string;
  /** Its place in the one order of all events: grows, may skip. */
  readonly event_number: number;
  readonly event_type: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  /** Its place in its stream: 1, 2, 3, … */
  readonly stream_version: number;
  /** The version of the payload's shape. */
  readonly version: number;
  readonly payload: unknown;
  /** The payload once more, under the other name that clients know it by. */
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly user_id: string | null;
  /** `user:{id}`, `agent:{name}` or `system`. */
  readonly created_by: string;
  readonly created_at: string;
}

/** An event as JSON on the wire. */
export function toWire(event: Recorded): EventOnWire {
  const { payload } = event;
  return {
    id: event.eventId,
    event_number: event.position,
    event_type: event.type,
    aggregate_type: event.aggregateType,
    aggregate_id: event.aggregateId,
    stream_version: event.version,
    version: event.schemaVersion,
    payload,
    data: payload,
    metadata: event.metadata,
    correlation_id: event.correlationId ?? null,
    causation_id: event.causationId ?? null,
    user_id: event.userId ?? null,
    created_by: event.actor,
    created_at: event.recordedAt.toISOString(),
  };
}

/** The version of a stream as an ETag, to be sent back as `If-Match`. */
export function etagOf(version: number): string {
  return `"${version}"`;
}
