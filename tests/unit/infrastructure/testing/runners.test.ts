import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../../..');
const folder = join(import.meta.dirname, 'runners');

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/* Runs Node in a process of its own, without what this jest has told its processes. */
async function node(args: readonly string[], cwd: string, told: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const { NODE_OPTIONS: _options, JEST_WORKER_ID: _worker, ...env } = process.env;
  return new Promise(resolve => {
    execFile(
      process.execPath,
      args,
      { cwd, env: { ...env, ...told, NO_COLOR: '1' } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr }),
    );
  });
}

const differs = 'MoneyDeposited was stored with another amount: expected 2, got 1.';
const contractCases = 11;

describe('vitest', () => {
  interface Report {
    readonly numPassedTests: number;
    readonly numFailedTests: number;
    readonly testResults: readonly {
      readonly name: string;
      readonly assertionResults: readonly {
        readonly fullName: string;
        readonly status: string;
        readonly failureMessages: readonly string[];
      }[];
    }[];
  }

  /* vitest is a dependency of this repository: without it this fails, and does not skip. */
  async function runVitest(
    flags: readonly string[],
    told?: NodeJS.ProcessEnv,
  ): Promise<{ ran: Ran; report: Report }> {
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
    const ran = await node([vitest, 'run', '--reporter=json', ...flags], join(folder, 'vitest'), told);
    return { ran, report: JSON.parse(ran.stdout) as Report };
  }

  test.each([
    ['as it comes', []],
    ['with globals', ['--globals']],
    ['with files that share their modules', ['--no-isolate', '--no-file-parallelism']],
  ])('passes, fails and notices what nobody awaits, %s', async (_kind, flags) => {
    const { ran, report } = await runVitest(flags);
    expect(ran.code).toBe(1);
    // An error that belongs to no test would stand here.
    expect(ran.stderr).toBe('');
    const files = report.testResults.toSorted((left, right) => (left.name < right.name ? -1 : 1));
    const results = files.flatMap(file => file.assertionResults);
    const failed = results.filter(({ status }) => status !== 'passed');
    const firstLines = failed.map(
      ({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]!.split('\n')[0]!}`,
    );
    const forgotten = (line: number): RegExp =>
      new RegExp(
        `ScenarioNotAwaited: A scenario for Account was never awaited.*scenarios\\.spec\\.ts:${line}:`,
      );
    expect(firstLines).toEqual([
      `fails: ScenarioFailed: ${differs}`,
      expect.stringMatching(/^forgets: /),
      expect.stringMatching(/^in a suite forgets to go on: /),
      expect.stringMatching(/^in a suite forgets the end of a shared beginning: /),
      expect.stringMatching(/^forgets in another file: .* was never awaited/),
    ]);
    expect(failed[1]!.failureMessages[0]).toMatch(/\n {4}at .*scenarios\.spec\.ts:23:\d+\)?$/);
    expect(firstLines[1]).toMatch(forgotten(23));
    expect(firstLines[2]).toMatch(forgotten(30));
    expect(firstLines[3]).toMatch(forgotten(34));
    expect(failed[0]!.failureMessages[0]).toContain('≠ MoneyDeposited   MoneyDeposited');
    const contract = results.filter(({ fullName }) => fullName.startsWith('the contract of serializers '));
    expect(contract).toHaveLength(contractCases);
    expect(report).toMatchObject({ numPassedTests: 3 + contractCases, numFailedTests: 5 });
  });

  test('tells the name of a test to its story', async () => {
    const own = await mkdtemp(join(tmpdir(), 'annals-runners-'));
    try {
      const path = join(own, 'stories.jsonl');
      await runVitest(['-t', 'awaits beside others'], { ANNALS_STORIES: path });
      const { test: name, subject } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
      expect({ name, subject }).toEqual({ name: 'in a suite > awaits beside others', subject: 'Account' });
    } finally {
      await rm(own, { recursive: true });
    }
  });
});

describe('node:test', () => {
  test('passes, fails and notices what nobody awaits', async () => {
    const args = ['--import', 'tsx', '--test', '--test-reporter=tap', join(folder, 'node-test.ts')];
    const { code, stdout } = await node(args, root);
    expect(code).toBe(1);
    expect(stdout).toContain('ok 1 - returns');
    expect(stdout).toContain('ok 2 - awaits');
    expect(stdout).toContain('not ok 3 - fails');
    expect(stdout).toContain(differs);
    expect(stdout).toContain('not ok 1 - forgets');
    expect(stdout).toContain('not ok 2 - forgets the end of a shared beginning');
    expect(stdout).toMatch(/was never awaited, so it checked nothing: at .*node-test\.ts:\d+/);
    expect(stdout).toContain('ok 5 - the contract of serializers');
    expect(stdout).toContain(`# pass ${2 + contractCases}`);
    expect(stdout).toContain('# fail 3');
  });
});

describe('another runner', () => {
  test.each([
    ['with hooks that everybody finds', 'runner-with-hooks.ts', 'not ok forgets: '],
    ['without any', 'runner-without-hooks.ts', 'uncaught: '],
  ])('%s passes, fails and notices what nobody awaits', async (_kind, file, failure) => {
    const { stdout } = await node(['--import', 'tsx', join(folder, file)], root);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toContain('ok returns');
    expect(lines).toContain(`not ok fails: ${differs}`);
    expect(lines).toContain('ok the contract of serializers');
    const forgotten = lines.filter(line => line.includes('never awaited'));
    expect(forgotten).toEqual([
      expect.stringMatching(/A scenario for Account was never .*bare-tests\.ts:19/),
    ]);
    expect(forgotten[0]).toContain(failure);
  });
});
