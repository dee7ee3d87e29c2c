import type { Case, Goal, Metric } from './benchmark.ts';
import { describeGoal, ratioTo } from './ratio.ts';
import type { ContenderResult } from './run-case.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** What was measured as lines of text: medians with least and greatest, and how many times better Annals is. */
export function reportCase(
  { name, metrics, goals = [] }: Case,
  results: readonly ContenderResult[],
): string[] {
  const shown = metrics.filter(metric =>
    results.some(({ samples }) => samples[0]?.[metric.name] !== undefined),
  );
  const annals = results.find(({ kind }) => kind === 'annals');
  const header = ['', ...shown.map(metric => metric.name), ...(annals ? ['Annals ×'] : [])];
  const rows = results.map(result => [
    result.name,
    ...shown.map(metric => showMetric(result, metric)),
    ...(annals ? [showRatio(annals, result, shown[0])] : []),
  ]);
  return [
    name,
    ...alignColumns([header, ...rows]).map(line => `  ${line}`),
    ...results.flatMap(result => showFurther(result, metrics)).map(line => `  ${line}`),
    ...goals.flatMap(goal => showGoal(goal, metrics, results)).map(line => `  ${line}`),
    ...results.flatMap(({ name: failed, failure }) => (failure ? [`  ${failed} failed: ${failure}`] : [])),
  ];
}

function showMetric({ samples }: ContenderResult, { name }: Metric): string {
  const values = samples.map(sample => sample[name]).filter(value => value !== undefined);
  return values.length === 0 ? '–' : showSpread(spreadOf(values));
}

/* What only this contender has, e.g. the size of each of its tables. */
function showFurther(result: ContenderResult, metrics: readonly Metric[]): string[] {
  const names = Object.keys(result.samples[0] ?? {});
  const further = names.filter(name => !metrics.some(metric => metric.name === name));
  if (further.length === 0) return [];
  const values = further.map(name => `${name} ${showMetric(result, { name, better: 'lower' })}`);
  return [`${result.name} · ${values.join(' · ')}`];
}

function showRatio(annals: ContenderResult, other: ContenderResult, metric: Metric | undefined): string {
  if (other === annals || metric === undefined) return '';
  const ratio = ratioTo(annals, other, metric);
  return ratio === undefined ? '–' : showSpread(ratio);
}

function showGoal(goal: Goal, metrics: readonly Metric[], results: readonly ContenderResult[]): string[] {
  const annals = results.find(({ kind }) => kind === 'annals');
  const metric = metrics.find(({ name }) => name === goal.metric);
  if (annals === undefined || metric === undefined || annals.samples.length === 0) return [];
  const other = results.find(({ name }) => name === goal.against);
  if (goal.against !== undefined && other === undefined) return [];
  const seen = other === undefined ? showMetric(annals, metric) : showSpread(ratioTo(annals, other, metric));
  return [`goal · ${describeGoal(goal)} · seen ${seen}`];
}

function showSpread(spread: Spread | undefined): string {
  if (spread === undefined) return '–';
  const { median, min, max } = spread;
  return min === max ? showNumber(median) : `${showNumber(median)} (${showNumber(min)}–${showNumber(max)})`;
}

function showNumber(value: number): string {
  const fractionDigits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: fractionDigits });
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map(row => row[column]!.length)));
  const align = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map(row => row.map(align).join('   ').trimEnd());
}
