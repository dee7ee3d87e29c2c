import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../../..');
const header = `
import { expect, test } from '@jest/globals';
import { scenarioFor } from 'annals/testing';
import { Account, MoneyDeposited } from '../../../../support/bank.ts';
`;

/* Runs a test file of its own in a jest of its own, and returns what that printed. */
async function runTests(body: string): Promise<{ code: number; output: string }> {
  const folder = await mkdtemp(join(import.meta.dirname, 'awaiting-'));
  const jest = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin/jest.js');
  try {
    await writeFile(join(folder, 'inner.test.ts'), header + body);
    const args = [
      '--experimental-vm-modules',
      jest,
      '--rootDir',
      root,
      '--globalSetup=',
      '--globalTeardown=',
      folder,
    ];
    return await new Promise(resolve => {
      execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a scenario that nobody awaits', () => {
  test('fails its test and names the line that made it', async () => {
    const { code, output } = await runTests(`
      test('forgets to return', () => {
        scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(2));
      });
      test('forgets to end', () => {
        scenarioFor(Account).nothing().when(a => a.deposit(1));
      });
      test('awaits', async () => {
        await scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(1));
      });`);
    expect(code).toBe(1);
    expect(output).toContain('A scenario for Account was never awaited, so it checked nothing: at');
    expect(output).toMatch(/inner\.test\.ts:\d+/);
    expect(output).toContain('Tests:       2 failed, 1 passed, 3 total');
  });

  /* Runs a file in a process of its own, with what another runner than this jest finds there. */
  async function runFile(file: string, ...flags: string[]): Promise<string> {
    const { NODE_OPTIONS: _options, ...env } = process.env;
    return new Promise(resolve => {
      const args = ['--import', 'tsx', ...flags, join(import.meta.dirname, 'runners', file)];
      execFile(process.execPath, args, { cwd: root, env }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
  }

  test('does so under node:test, where other scenarios pass and fail as they should', async () => {
    const output = await runFile('node-test.ts', '--test', '--test-reporter=tap');
    expect(output).toContain('ok 1 - returns');
    expect(output).toContain('ok 2 - awaits');
    expect(output).toContain('not ok 3 - fails');
    expect(output).toContain('MoneyDeposited was stored with another amount: expected 2, got 1.');
    expect(output).toContain('not ok 1 - forgets');
    expect(output).toMatch(/was never awaited, so it checked nothing: at .*node-test\.ts:\d+/);
    expect(output).toContain('# pass 2');
  });

  test.each([
    ['with hooks that everybody finds, like vitest with globals', 'runner-with-hooks.ts', 'not ok forgets: '],
    ['without any, like vitest without globals', 'runner-without-hooks.ts', 'uncaught: '],
  ])('does so under a runner %s', async (_kind, file, failure) => {
    const output = await runFile(file);
    expect(output).toContain('ok returns\n');
    expect(output).toContain(
      'not ok fails: MoneyDeposited was stored with another amount: expected 2, got 1.',
    );
    expect(output).toContain('ok the contract of serializers\n');
    expect(output).toMatch(
      new RegExp(`^${failure}A scenario for Account was never awaited.*bare-tests\\.ts:\\d+`, 'm'),
    );
  });
});
