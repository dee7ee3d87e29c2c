import type * as Api from '@opentelemetry/api';
import { errorType } from '../../application/telemetry/error-type.ts';
import type {
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
import { toSpanContext, toTraceContext } from './w3c-trace-context.ts';
import type { OpenTelemetryApi } from './w3c-trace-context.ts';

/** The telemetry of an app, by way of OpenTelemetry's API. */
export class OpenTelemetry implements Telemetry {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: Api.Tracer;
  readonly #meter: Api.Meter;

  constructor(api: OpenTelemetryApi, tracer: Api.Tracer, meter: Api.Meter) {
    this.#api = api;
    this.#tracer = tracer;
    this.#meter = meter;
  }

  async trace<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const { context, trace } = this.#api;
    const parent = this.#parentOf(options);
    const opened = this.#tracer.startSpan(name, this.#toSpanOptions(options), parent);
    const span = new OpenSpan(this.#api, opened);
    try {
      return await context.with(trace.setSpan(parent, opened), () => work(span));
    } catch (error) {
      span.fail(errorType(error));
      throw error;
    } finally {
      opened.end();
    }
  }

  currentTrace(): TraceContext | undefined {
    const span = this.#api.trace.getActiveSpan();
    return span && toTraceContext(this.#api, span);
  }

  counter(instrument: Instrument): Measure {
    const { name, unit, description } = instrument;
    const counter = this.#meter.createCounter(name, { unit, description });
    return (value, attributes) => counter.add(value, attributes);
  }

  histogram(instrument: Instrument): Measure {
    const { name, unit, description, buckets } = instrument;
    const advice = buckets && { explicitBucketBoundaries: [...buckets] };
    const histogram = this.#meter.createHistogram(name, { unit, description, ...(advice && { advice }) });
    return (value, attributes) => histogram.record(value, attributes);
  }

  observe(
    instruments: readonly ObservedInstrument[],
    measure: () => Promise<readonly Measurement[]>,
  ): () => void {
    const byName = new Map(instruments.map(instrument => [instrument.name, this.#observable(instrument)]));
    const observables = [...byName.values()];
    const callback = async (result: Api.BatchObservableResult): Promise<void> => {
      for (const { instrument, value, attributes } of await measure()) {
        result.observe(byName.get(instrument.name)!, value, attributes);
      }
    };
    this.#meter.addBatchObservableCallback(callback, observables);
    return () => this.#meter.removeBatchObservableCallback(callback, observables);
  }

  #observable({ name, unit, description, isCounter = false }: ObservedInstrument): Api.Observable {
    return isCounter
      ? this.#meter.createObservableCounter(name, { unit, description })
      : this.#meter.createObservableGauge(name, { unit, description });
  }

  #parentOf({ parent }: SpanOptions): Api.Context {
    const { ROOT_CONTEXT, context, trace } = this.#api;
    if (parent === undefined) return context.active();
    if (parent === 'none') return trace.deleteSpan(context.active());
    const spanContext = toSpanContext(this.#api, parent);
    // Without what else is in the context here, which belongs to whoever started the app.
    return spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
  }

  #toSpanOptions({ kind, attributes, links = [] }: SpanOptions): Api.SpanOptions {
    const { SpanKind } = this.#api;
    const kinds = {
      internal: SpanKind.INTERNAL,
      client: SpanKind.CLIENT,
      producer: SpanKind.PRODUCER,
      consumer: SpanKind.CONSUMER,
    };
    const contexts = links.map(link => toSpanContext(this.#api, link)).filter(link => link !== undefined);
    return {
      kind: kinds[kind],
      links: contexts.map(context => ({ context })),
      ...(attributes && { attributes }),
    };
  }
}

class OpenSpan implements Span {
  readonly #api: OpenTelemetryApi;
  readonly #span: Api.Span;

  constructor(api: OpenTelemetryApi, span: Api.Span) {
    this.#api = api;
    this.#span = span;
  }

  get context(): TraceContext | undefined {
    return toTraceContext(this.#api, this.#span);
  }

  set(attributes: TelemetryAttributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(type: string): void {
    this.#span.setAttribute('error.type', type);
    this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: type });
  }
}
