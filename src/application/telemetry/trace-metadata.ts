import type { EventMetadata } from '../../domain/index.ts';
import type { NewEvent, StreamAppend } from '../ports/event-store.ts';
import type { TraceContext } from '../ports/telemetry.ts';

/** How many links a span gets at most: as many as SDKs keep by default. */
export const maxLinks = 128;

const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The trace that an event belongs to: `traceparent` and `tracestate` of its metadata.
 *
 * Undefined where there is none, or where what is there is none.
 */
export function traceOf(event: { readonly metadata: EventMetadata }): TraceContext | undefined {
  const { traceparent, tracestate } = event.metadata;
  if (typeof traceparent !== 'string' || !traceparentPattern.test(traceparent)) return undefined;
  return { traceparent, tracestate: typeof tracestate === 'string' ? tracestate : undefined };
}

/** An append whose events say in which trace they were stored. */
export function withTrace(append: StreamAppend, trace: TraceContext): StreamAppend {
  return { ...append, events: append.events.map(event => stamped(event, trace)) };
}

/* What says already where it comes from keeps that; what is no metadata is left to the store to refuse. */
function stamped(event: NewEvent, { traceparent, tracestate }: TraceContext): NewEvent {
  if (Object(event) !== event) return event;
  const { metadata = {} } = event;
  const isPlain = (metadata as unknown) !== null && Object.getPrototypeOf(metadata) === Object.prototype;
  if (!isPlain || 'traceparent' in metadata) return event;
  const trace = tracestate === undefined ? { traceparent } : { traceparent, tracestate };
  return { ...event, metadata: { ...metadata, ...trace } };
}
