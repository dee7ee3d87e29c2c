import type { ScratchDatabase } from './scratch-database.ts';

/** What `--set name=value` can change; lists are texts such as `1,8,32`. */
export type Settings = Readonly<Record<string, number | string>>;

/** What one contender did in one round, by the name of the metric. */
export type Sample = Readonly<Record<string, number>>;

/** A quantity that is measured, e.g. appends per second. */
export interface Metric {
  readonly name: string;
  readonly better: 'higher' | 'lower';
}

/**
 * A figure of DESIGN §13 that is worth comparing with; it is printed beside what was measured and fails nothing.
 *
 * With `against` it concerns the ratio to that contender, above 1 where Annals is better; else the figure itself.
 */
export interface Goal {
  readonly metric: string;
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Something that was opened and can be measured, once or in every round. */
export interface Measurable extends AsyncDisposable {
  measure(): Promise<Sample>;
}

/** One of those that do the same work: Annals, another library, or the driver without any. */
export interface Contender {
  readonly name: string;
  readonly kind: 'annals' | 'peer' | 'bare';
  /** Whether it is measured by a package that is not there without the others; default: whether it is one. */
  readonly needsPeers?: boolean;
  /** Makes tables and fills them; nothing of it is measured. */
  open(database: ScratchDatabase): Promise<Measurable>;
}

/** One comparison: contenders that do the same work and take turns. */
export interface Case {
  readonly name: string;
  readonly metrics: readonly Metric[];
  readonly contenders: readonly Contender[];
  readonly goals?: readonly Goal[];
  /** Whether all rounds use what the first one opened, as reads can; default false: each gets an empty database. */
  readonly keepsData?: boolean;
}

/** A row of DESIGN §13. */
export interface Benchmark {
  readonly name: string;
  /** One sentence: what it measures. */
  readonly measures: string;
  readonly settings: Settings;
  /** Settings so small that a test can run it. */
  readonly tiny: Settings;
  cases(settings: Settings): readonly Case[];
}

/** The numbers of a setting such as `1,8,32`. */
export function numbersOf(setting: number | string | undefined): number[] {
  return String(setting).split(',').map(Number);
}
