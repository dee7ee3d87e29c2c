import { afterAll, describe, expect, test } from '@jest/globals';
import { benchmarks } from '../../benchmarks/benchmarks.ts';
import { removeTemplate } from '../../benchmarks/contenders/pglite-folder.ts';
import { runBenchmarks } from '../../benchmarks/harness/run-benchmarks.ts';
import { postgresUrl } from '../support/stores.ts';

/* That they run and measure, so that they do not rot; what they measure here says nothing. */
describe('the benchmarks', () => {
  afterAll(removeTemplate);

  test.each(benchmarks.map(benchmark => [benchmark.name, benchmark] as const))(
    '%s measures Annals and the bare driver at its smallest size',
    async (_name, benchmark) => {
      const settings = { ...benchmark.settings, ...benchmark.tiny };
      const options = { rounds: 1, hasPeers: false, contenders: [], settings };
      const printed: string[] = [];
      const results = await runBenchmarks([benchmark], postgresUrl(), options, line => printed.push(line));

      expect(results.length).toBeGreaterThan(0);
      for (const { case: name, contenders } of results) {
        for (const { name: contender, failure, samples } of contenders) {
          expect({ name, contender, failure }).toEqual({ name, contender, failure: undefined });
          expect(Object.values(samples[0]!).every(Number.isFinite)).toBe(true);
          expect(printed.join('\n')).toContain(contender);
        }
      }
    },
  );
});
