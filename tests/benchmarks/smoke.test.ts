import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { benchmarks } from '../../benchmarks/benchmarks.ts';
import { removeTemplate } from '../../benchmarks/contenders/pglite-folder.ts';
import { inThisProcess, runBenchmarks } from '../../benchmarks/harness/run-benchmarks.ts';
import { postgresUrl } from '../support/stores.ts';

const execute = promisify(execFile);
const main = fileURLToPath(new URL('../../benchmarks/main.ts', import.meta.url));
// Not the flags of jest, which starts no modules in TypeScript.
const env = { ...process.env, NODE_OPTIONS: '' };

/* That they run and measure, so that they do not rot; what they measure here says nothing. */
describe('the benchmarks', () => {
  afterAll(removeTemplate);

  test.each(benchmarks.map(benchmark => [benchmark.name, benchmark] as const))(
    '%s measures Annals and the bare driver at its smallest size',
    async (_name, benchmark) => {
      const settings = { ...benchmark.settings, ...benchmark.tiny };
      const options = { rounds: 1, hasPeers: false, contenders: [], settings };
      const printed: string[] = [];
      const print = (line: string): unknown => printed.push(line);
      const results = await runBenchmarks([benchmark], postgresUrl(), options, print, inThisProcess);

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

describe('the command', () => {
  const measure = async (streams: string): Promise<string> => {
    const settings = ['callers=1', 'warmUpMs=0', 'durationMs=30', `streams=${streams}`];
    const args = ['--only', 'append', '--rounds', '2', '--contenders', 'annals,group', '--without-peers'];
    const all = [main, ...args, ...settings.flatMap(each => ['--set', each]), '--postgres', postgresUrl()];
    const { stdout } = await execute(process.execPath, ['--import', 'tsx', ...all], { env });
    return stdout;
  };

  test('measures each contender in a process of its own', async () => {
    expect(await measure('new')).toMatch(/Annals +[\d,]+ \(.*\n +bare group commit +[\d,]+ \(/);
  });

  test('tells how a contender failed in its process, and goes on', async () => {
    const failed = /(Annals|bare group commit).* RangeError: There are no streams of the kind "odd"/g;
    await expect(measure('odd')).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(failed) });
  });
});
