import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../../..');
const header = `
import { expect, test } from '@jest/globals';
import { projectionFor, scenarioFor } from 'annals/testing';
import { Account, Balances, MoneyDeposited } from '../../../../support/bank.ts';
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
      const deposit = scenarioFor(Account).nothing().when(a => a.deposit(1));
      test('forgets the end of a shared beginning', () => {
        deposit.thenEvents(new MoneyDeposited(2));
      });
      test('goes on and forgets the end', () =>
        scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(9))
          .and.events(new MoneyDeposited(1)));
      test('goes on, begins again and forgets the end', () => {
        scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(9))
          .and.events(new MoneyDeposited(1)).when(a => a.deposit(1));
      });
      test('goes on from rows and forgets the end', () => {
        projectionFor(Balances).on('a-1', new MoneyDeposited(1)).thenDocuments({}).and.on('a-1', new MoneyDeposited(1));
      });
      test('goes on to an end', () =>
        scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(1))
          .and.events(new MoneyDeposited(1)).when(a => a.deposit(2)).thenEvents(new MoneyDeposited(2)).and.thenState({ balance: 4 }));
      const begun = scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(1))
        .and.events(new MoneyDeposited(1));
      test('ends a shared beginning', () => begun.when(a => a.deposit(2)).thenEvents(new MoneyDeposited(2)));
      test('awaits', async () => {
        await scenarioFor(Account).nothing().when(a => a.deposit(1)).thenEvents(new MoneyDeposited(1));
      });`);
    expect(code).toBe(1);
    expect(output).toContain('A scenario for Account was never awaited, so it checked nothing: at');
    expect(output).toMatch(/inner\.test\.ts:\d+\S*\. Put "await" before it, or return it from the test\./);
    expect(output).toMatch(/inner\.test\.ts:\d+\S*\. Go on with thenEvents, .*, and await or return that\./);
    expect(output).toContain('Tests:       6 failed, 3 passed, 9 total');
  });
});
