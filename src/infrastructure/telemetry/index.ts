/** "annals/telemetry": spans and measurements over OpenTelemetry. */
export { MissingPackage } from '../../application/missing-package.ts';
export type {
  Instrument,
  Measure,
  Measurement,
  ObservedInstrument,
  Span,
  SpanOptions,
  Telemetry,
  TelemetryAttributes,
  TraceContext,
} from '../../application/ports/telemetry.ts';
export { combineTelemetry } from './combine-telemetry.ts';
export { openTelemetry } from './open-telemetry.ts';
export type { OpenTelemetryOptions } from './open-telemetry.ts';
export { Prometheus, prometheus } from './prometheus.ts';
