import type {
  Instrument,
  Measure,
  Measurement,
  ObservedInstrument,
  Span,
  SpanOptions,
  Telemetry,
  TraceContext,
} from '../../application/ports/telemetry.ts';
import { CounterSeries, HistogramSeries, sampleLine } from './prometheus-series.ts';
import type { Series } from './prometheus-series.ts';
import { headOf, nameOf } from './prometheus-names.ts';

type Observation = () => Promise<readonly Measurement[]>;

// Of OpenTelemetry's SDK; all of Annals' own histograms name theirs.
const usualBuckets = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

const noSpan: Span = { context: undefined, set: () => undefined, fail: () => undefined };

/**
 * Keeps measurements in memory for Prometheus to collect; traces nothing, and needs no package.
 *
 * Pass it as `telemetry` to `createApp`, with another by `combineTelemetry`, and as `metrics` to `serveHttp`.
 */
export class Prometheus implements Telemetry {
  readonly #series = new Map<string, Series>();
  readonly #observations = new Map<Observation, readonly ObservedInstrument[]>();

  async trace<T>(_name: string, _options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    return work(noSpan);
  }

  currentTrace(): TraceContext | undefined {
    return undefined;
  }

  counter(instrument: Instrument): Measure {
    const series = this.#keep(instrument, () => new CounterSeries(nameOf(instrument, 'counter'), instrument));
    return (value, attributes) => series.record(value, attributes);
  }

  histogram(instrument: Instrument): Measure {
    const { buckets = usualBuckets } = instrument;
    const make = (): Series => new HistogramSeries(nameOf(instrument, 'histogram'), instrument, buckets);
    const series = this.#keep(instrument, make);
    return (value, attributes) => series.record(value, attributes);
  }

  observe(instruments: readonly ObservedInstrument[], measure: Observation): () => void {
    this.#observations.set(measure, instruments);
    return () => this.#observations.delete(measure);
  }

  /**
   * All measurements in Prometheus' text format, version 0.0.4.
   *
   * What cannot be observed now is left out, so that the rest is told while the store is away.
   */
  async metrics(): Promise<string> {
    const observed = await Promise.all([...this.#observations].map(each => observe(...each)));
    const kept = [...this.#series.values()].map(series => series.text());
    return [...kept, ...observed].filter(text => text !== '').join('');
  }

  #keep(instrument: Instrument, make: () => Series): Series {
    const series = this.#series.get(instrument.name) ?? make();
    this.#series.set(instrument.name, series);
    return series;
  }
}

/** Measurements for Prometheus; see `Prometheus`. */
export function prometheus(): Prometheus {
  return new Prometheus();
}

async function observe(measure: Observation, instruments: readonly ObservedInstrument[]): Promise<string> {
  const measurements = await measure().catch(() => []);
  return instruments.map(instrument => textOf(instrument, measurements)).join('');
}

function textOf(instrument: ObservedInstrument, measurements: readonly Measurement[]): string {
  const own = measurements.filter(measurement => measurement.instrument.name === instrument.name);
  if (own.length === 0) return '';
  const kind = instrument.isCounter === true ? 'counter' : 'gauge';
  const name = nameOf(instrument, kind);
  const lines = own.map(({ value, attributes }) => sampleLine(name, attributes, value));
  return headOf(name, kind, instrument) + lines.join('');
}
