import type * as Api from '@opentelemetry/api';
import type { TraceContext } from '../../application/ports/telemetry.ts';

/** The part of OpenTelemetry's API that Annals uses. */
export type OpenTelemetryApi = Omit<typeof Api, 'default'>;

// By hand, because the propagator of a process may write another format, and what is stored must last.

/** The context of a span as it is stored; undefined where nothing is traced. */
export function toTraceContext(api: OpenTelemetryApi, span: Api.Span): TraceContext | undefined {
  const context = span.spanContext();
  if (!api.isSpanContextValid(context)) return undefined;
  const flags = context.traceFlags.toString(16).padStart(2, '0');
  const tracestate = context.traceState?.serialize();
  const traceparent = `00-${context.traceId}-${context.spanId}-${flags}`;
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

/** A stored context for the API; undefined if it is none. */
export function toSpanContext(api: OpenTelemetryApi, trace: TraceContext): Api.SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = trace.traceparent.split('-');
  const context: Api.SpanContext = {
    ...{ traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true },
    ...(trace.tracestate && { traceState: api.createTraceState(trace.tracestate) }),
  };
  return api.isSpanContextValid(context) ? context : undefined;
}
