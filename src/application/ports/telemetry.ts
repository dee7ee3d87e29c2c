/** What a span or a measurement says of itself; low in cardinality, and never a payload or a secret. */
export type TelemetryAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where in a trace something happened, as W3C Trace Context writes it. */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>` */
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** A span that is open. */
export interface Span {
  /** Undefined where nothing is traced. */
  readonly context: TraceContext | undefined;
  set(attributes: TelemetryAttributes): void;
  /** Marks it as failed with an error of this type: a code or a class, never a message. */
  fail(errorType: string): void;
}

/** What a span is, and where it belongs. */
export interface SpanOptions {
  readonly kind: 'internal' | 'client' | 'producer' | 'consumer';
  readonly attributes?: TelemetryAttributes | undefined;
  /** Default: the span that is open here; `none` begins a trace. */
  readonly parent?: TraceContext | 'none' | undefined;
  /** What it follows from without being a part of it. */
  readonly links?: readonly TraceContext[] | undefined;
}

/** What is measured. */
export interface Instrument {
  readonly name: string;
  /** In UCUM, e.g. `s` or `{event}`. */
  readonly unit: string;
  readonly description: string;
  /** Upper bounds of the buckets of a histogram; default: those of the adapter. */
  readonly buckets?: readonly number[] | undefined;
}

/** An instrument that is read when somebody collects. */
export interface ObservedInstrument extends Instrument {
  /** Whether its values only grow. */
  readonly isCounter?: boolean | undefined;
}

/** What an instrument is at, at the time of a collection. */
export interface Measurement {
  readonly instrument: ObservedInstrument;
  readonly value: number;
  readonly attributes?: TelemetryAttributes | undefined;
}

/** Adds to a counter, or records a value. */
export type Measure = (value: number, attributes?: TelemetryAttributes) => void;

/** Where Annals tells what it does: spans and measurements. An app without it measures nothing and pays nothing. */
export interface Telemetry {
  /** Runs `work` inside a span, which ends with it; what `work` throws marks the span and is thrown on. */
  trace<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** The span that is open where this is called. */
  currentTrace(): TraceContext | undefined;
  counter(instrument: Instrument): Measure;
  histogram(instrument: Instrument): Measure;
  /** Has `measure` called once a collection, for all of these instruments together. Returns its end. */
  observe(
    instruments: readonly ObservedInstrument[],
    measure: () => Promise<readonly Measurement[]>,
  ): () => void;
}
