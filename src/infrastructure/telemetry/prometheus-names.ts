import type { Instrument, TelemetryAttributes } from '../../application/ports/telemetry.ts';

/** What Prometheus tells apart. */
export type MetricKind = 'counter' | 'gauge' | 'histogram';

// UCUM to what Prometheus calls it; units in braces only say what is counted.
const units: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  By: 'bytes',
  '1': 'ratio',
};

/** The name of an instrument as OpenTelemetry translates it: `annals.append.duration` in `s` ends in `_seconds`. */
export function nameOf({ name, unit }: Instrument, kind: MetricKind): string {
  const base = sanitized(name);
  const suffix = units[unit];
  const withUnit = suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
  return kind === 'counter' && !withUnit.endsWith('_total') ? `${withUnit}_total` : withUnit;
}

/** The lines before the samples of a metric. */
export function headOf(name: string, kind: MetricKind, { description }: Instrument): string {
  const help = description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
}

/** Attributes as labels, without braces, in one order whatever theirs was; empty for none. */
export function labelsOf(attributes: TelemetryAttributes = {}): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${sanitized(name)}="${escaped(String(value))}"`)
    .sort()
    .join(',');
}

function sanitized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(\d)/, '_$1');
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
