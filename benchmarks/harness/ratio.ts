import type { ContenderResult } from './run-case.ts';
import type { Goal, Metric } from './benchmark.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';

/**
 * How many times better Annals is than another contender, round by round: above 1 it is better, whatever the metric.
 *
 * Within a round the two ran one after the other, so a slow minute of the machine hits both.
 */
export function ratioTo(annals: ContenderResult, other: ContenderResult, metric: Metric): Spread | undefined {
  const ratios: number[] = [];
  for (const [round, sample] of annals.samples.entries()) {
    const [own, others] = [sample[metric.name], other.samples[round]?.[metric.name]];
    if (own === undefined || others === undefined || (own === 0 && others === 0)) continue;
    ratios.push(metric.better === 'higher' ? own / others : others / own);
  }
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/** A goal in words, e.g. `rate: at least 7 × Emmett`. */
export function describeGoal({ metric, against, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return against === undefined ? `${metric}: ${bound}` : `${metric}: ${bound} × ${against}`;
}
