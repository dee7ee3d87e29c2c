import type { Instrument, TelemetryAttributes } from '../../application/ports/telemetry.ts';
import { headOf, labelsOf } from './prometheus-names.ts';

/** What was measured with one instrument, for every set of attributes. */
export interface Series {
  record(value: number, attributes?: TelemetryAttributes): void;
  /** Empty while nothing was measured. */
  text(): string;
}

/** One line of Prometheus' text format. */
export function sampleLine(name: string, attributes: TelemetryAttributes | undefined, value: number): string {
  return line(name, labelsOf(attributes), value);
}

/** A sum that grows. */
export class CounterSeries implements Series {
  readonly #name: string;
  readonly #instrument: Instrument;
  readonly #sums = new Map<string, number>();

  constructor(name: string, instrument: Instrument) {
    this.#name = name;
    this.#instrument = instrument;
  }

  record(value: number, attributes?: TelemetryAttributes): void {
    const labels = labelsOf(attributes);
    this.#sums.set(labels, (this.#sums.get(labels) ?? 0) + value);
  }

  text(): string {
    if (this.#sums.size === 0) return '';
    const lines = [...this.#sums].map(([labels, sum]) => line(this.#name, labels, sum));
    return headOf(this.#name, 'counter', this.#instrument) + lines.join('');
  }
}

interface Distribution {
  /** How many values are in each bucket, and beyond the last. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/** How many values are up to each bound, their sum and their number. */
export class HistogramSeries implements Series {
  readonly #name: string;
  readonly #instrument: Instrument;
  readonly #bounds: readonly number[];
  readonly #distributions = new Map<string, Distribution>();

  constructor(name: string, instrument: Instrument, bounds: readonly number[]) {
    this.#name = name;
    this.#instrument = instrument;
    this.#bounds = bounds;
  }

  record(value: number, attributes?: TelemetryAttributes): void {
    const labels = labelsOf(attributes);
    const found = this.#distributions.get(labels) ?? this.#empty();
    this.#distributions.set(labels, found);
    const bucket = this.#bounds.findIndex(bound => value <= bound);
    found.counts[bucket === -1 ? this.#bounds.length : bucket]! += 1;
    found.sum += value;
    found.count += 1;
  }

  text(): string {
    if (this.#distributions.size === 0) return '';
    const all = [...this.#distributions].map(([labels, found]) => this.#textOf(labels, found));
    return headOf(this.#name, 'histogram', this.#instrument) + all.join('');
  }

  #empty(): Distribution {
    return { counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0, count: 0 };
  }

  #textOf(labels: string, { counts, sum, count }: Distribution): string {
    let through = 0;
    const buckets = [...this.#bounds, '+Inf'].map((bound, index) => {
      through += counts[index]!;
      const le = `le="${bound}"`;
      return line(`${this.#name}_bucket`, labels === '' ? le : `${labels},${le}`, through);
    });
    return [
      ...buckets,
      line(`${this.#name}_sum`, labels, sum),
      line(`${this.#name}_count`, labels, count),
    ].join('');
  }
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`;
}
