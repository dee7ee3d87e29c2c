import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { DataPoint, Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll } from '@jest/globals';
import { openTelemetry } from 'annals/telemetry';
import type { Telemetry } from 'annals/telemetry';

class ReaderOnDemand extends MetricReader {
  protected override async onForceFlush(): Promise<void> {
    // Nothing is kept back.
  }
  protected override async onShutdown(): Promise<void> {
    // Nothing is held.
  }
}

/** One value of an instrument. */
export type Point = DataPoint<number | Histogram>;

/** Lets spans know the spans around them, in every test of the file. */
export function useContextManager(): void {
  const manager = new AsyncLocalStorageContextManager();
  beforeAll(() => void context.setGlobalContextManager(manager.enable()));
  afterAll(() => context.disable());
}

/** The real SDK, which keeps what it is told. */
export class RecordedTelemetry {
  readonly telemetry: Telemetry;
  readonly #exporter: InMemorySpanExporter;
  readonly #reader: ReaderOnDemand;

  private constructor(telemetry: Telemetry, exporter: InMemorySpanExporter, reader: ReaderOnDemand) {
    this.telemetry = telemetry;
    this.#exporter = exporter;
    this.#reader = reader;
  }

  /** Starts an SDK of its own. */
  static async start(): Promise<RecordedTelemetry> {
    const exporter = new InMemorySpanExporter();
    const reader = new ReaderOnDemand();
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const meterProvider = new MeterProvider({ readers: [reader] });
    return new RecordedTelemetry(await openTelemetry({ tracerProvider, meterProvider }), exporter, reader);
  }

  /** The spans of this name that have ended, in the order of their ends. */
  spans(name: string): ReadableSpan[] {
    return this.#exporter.getFinishedSpans().filter(span => span.name === name);
  }

  /** The only span of this name. */
  span(name: string): ReadableSpan {
    const [span, ...others] = this.spans(name);
    if (span === undefined || others.length > 0)
      throw new Error(`There are ${others.length} more or no "${name}".`);
    return span;
  }

  /** Everything that the spans say, as text. */
  allText(): string {
    const told = this.#exporter
      .getFinishedSpans()
      .map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
    return JSON.stringify(told);
  }

  /** Collects once; what could not be measured is among the errors. */
  async collect(): Promise<{ readonly metrics: readonly MetricData[]; readonly errors: readonly unknown[] }> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    return { metrics: resourceMetrics.scopeMetrics.flatMap(scope => scope.metrics), errors };
  }

  /** The values of an instrument, after a collection. */
  async points(name: string): Promise<readonly Point[]> {
    const { metrics } = await this.collect();
    return metrics
      .filter(metric => metric.descriptor.name === name)
      .flatMap(metric => metric.dataPoints as Point[]);
  }
}
