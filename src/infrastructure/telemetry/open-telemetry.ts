import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { MissingPackage } from '../../application/missing-package.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import { OpenTelemetry } from './open-telemetry-adapter.ts';
import type { OpenTelemetryApi } from './w3c-trace-context.ts';

/** Where OpenTelemetry takes spans and measurements to. */
export interface OpenTelemetryOptions {
  /** Default: the one that the process has registered. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the one that the process has registered. */
  readonly meterProvider?: MeterProvider | undefined;
}

/**
 * Tells OpenTelemetry what an app does: pass the result as `telemetry` to `createApp` or `bindAnnals`.
 *
 * Needs the package `@opentelemetry/api`. Register the SDK first, with a context manager as `NodeSDK` does:
 * without one no span knows the span around it.
 *
 * @throws {MissingPackage} the package is not installed
 */
export async function openTelemetry(options: OpenTelemetryOptions = {}): Promise<Telemetry> {
  const api = await loadApi();
  const { tracerProvider = api.trace, meterProvider = api.metrics } = options;
  return new OpenTelemetry(api, tracerProvider.getTracer('annals'), meterProvider.getMeter('annals'));
}

async function loadApi(): Promise<OpenTelemetryApi> {
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    throw new MissingPackage('@opentelemetry/api', 'Telemetry', error);
  }
}
