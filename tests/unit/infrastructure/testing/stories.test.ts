import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DomainError } from 'annals';
import { anEvent, appScenario, eventThat, printStory, projectionFor, scenarioFor } from 'annals/testing';
import {
  Account,
  AccountOpened,
  Balances,
  Deposit,
  DepositHandler,
  EmailChanged,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  RichAccounts,
  bankModule,
} from '../../../support/bank.ts';

describe('printStory', () => {
  test('tells an aggregate', () => {
    const story = scenarioFor(Account, { id: 'acc-1', handlers: [DepositHandler] })
      .at('2026-01-05T09:00:00Z')
      .events(new AccountOpened('Ada'), new EmailChanged(null))
      .stream('acc-2', new MoneyDeposited(1))
      .commands(new Deposit('acc-1', 30))
      .when(account => {
        account.deposit(5);
        account.withdraw(1);
      })
      .thenEvents(
        anEvent(MoneyDeposited, { amount: 5 }),
        eventThat(MoneyWithdrawn, 'is small', () => true),
      )
      .and.whenConcurrently(new Deposit('acc-1', 1), new Deposit('acc-1', -1))
      .thenFails(DomainError, { message: 'A deposit must be positive.' })
      .and.thenState({ balance: 35 })
      .and.whenTimePasses('2026-01-06T09:00:00Z')
      .thenNothing();
    expect(`\n${printStory(story)}\n`).toBe(`
Account
  Given it is 2026-01-05 09:00 UTC
  and   account opened (owner: "Ada")
  and   account email changed (email: none)
  and   acc-2: account deposited (amount: 1)
  and   deposit (account id: "acc-1", amount: 30)
  When  deposit(5), then withdraw(1)
  Then  account deposited (amount: 5)
  and   account withdrawn that is small
  When  deposit (account id: "acc-1", amount: 1)
  and   at the same time deposit (account id: "acc-1", amount: -1)
  Then  it is refused: domain error (message: "A deposit must be positive.")
  and   state (balance: 35)
  When  it becomes 2026-01-06 09:00 UTC
  Then  nothing happens
`);
    return story;
  });

  test('tells no code where there are words for it', () => {
    const story = scenarioFor(Account)
      .at('2026-01-05T09:00:01.500Z')
      .when(account => account.changeEmail('adaL@example.org'))
      .thenEvents(
        anEvent(EmailChanged, { email: expect.any(String) }).recorded({
          eventId: expect.anything(),
        }),
      )
      .and.thenState(account => expect(account.balance).toBe(0))
      .and.thenState(account => account.balance === 0);
    expect(`\n${printStory(story)}\n`).toBe(`
Account
  Given it is 2026-01-05 09:00:01.500 UTC
  When  change email("adaL@example.org")
  Then  account email changed (email: any text), recorded (event id: anything)
  and   the state is as its test expects
  and   state: balance === 0
`);
    return story;
  });

  // Made outside of a test, which would have to await it.
  const empty = projectionFor(Balances)
    .on('a', new MoneyDeposited(30))
    .thenDocuments({ a: {} as never });

  test('tells what a text has, and what is empty', () => {
    const story = scenarioFor(Account)
      .when(account => account.deposit(-1))
      .thenFails(DomainError, { message: expect.stringContaining('must be') })
      .and.thenFails(DomainError, { message: expect.stringMatching(/positive/) })
      .and.thenFails(DomainError, { message: expect.not.stringContaining('negative') });
    expect(`\n${printStory(story)}\n`).toBe(`
Account
  When  deposit(-1)
  Then  it is refused: domain error (message: a text with "must be")
  and   it is refused: domain error (message: a text like /positive/)
  and   it is refused: domain error (message: a text without "negative")
`);
    expect(printStory(empty)).toContain('balances of a: none');
    return story;
  });

  test('tells a projector and an application', async () => {
    const documents = projectionFor(Balances)
      .on('a', new MoneyDeposited(30))
      .thenDocuments({ a: { balance: 30 } });
    expect(printStory(documents)).toBe(
      ['Balances', '  Given a: account deposited (amount: 30)', '  Then  balances of a: (balance: 30)'].join(
        '\n',
      ),
    );
    const answer = appScenario({ modules: [bankModule] })
      .when(new OpenAccount('a', 'Ada'))
      .thenAnswers(new RichAccounts(7), ['at least 7']);
    expect(printStory(answer)).toBe(
      [
        'The app',
        '  When  open account (account id: "a", owner: "Ada")',
        '  Then  the answer to rich accounts (at least: 7) is "at least 7"',
      ].join('\n'),
    );
    await Promise.all([documents, answer]);
  });
});

describe('annals stories', () => {
  const root = join(import.meta.dirname, '../../../..');
  const command = join(root, 'src/infrastructure/testing/stories/annals.ts');

  async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    // As on a command line; what this jest needs is not for the tests in there.
    const { NODE_OPTIONS: _options, ...env } = process.env;
    return new Promise(resolve => {
      const all = ['--import', 'tsx', command, ...args];
      execFile(process.execPath, all, { cwd: root, env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  test('prints the stories of a test run', async () => {
    const jest = 'node scripts/run-jest.mjs --silent --globalSetup= --globalTeardown=';
    const { code, stdout, stderr } = await run('stories', '--run', jest, 'examples/shop/customers');
    expect(code).toBe(0);
    expect(stderr).toContain('Tests: ');
    expect(stdout).toMatch(/^# Customer\n/);
    expect(stdout).toContain(
      [
        '## Customer changes name and address',
        '',
        '- Given customer registered (name: "Ada", email: "ada@example.org")',
        '- When update profile (customer id: "customer-1", name: "Ada L.", email: "ada@example.net")',
      ].join('\n'),
    );
  });

  test('takes any runner, prints what came true although others failed, and passes the code on', async () => {
    const file = 'tests/unit/infrastructure/testing/runners/node-test.ts';
    const { code, stdout } = await run('stories', '--run', 'node --import tsx --test', file);
    expect(code).toBe(1);
    const story = '- Given nothing\n- When deposit(1)\n- Then account deposited (amount: 1)\n\n';
    expect(stdout).toBe(`# Account\n\n## Story 1\n\n${story}## Story 2\n\n${story}`);
  });

  test('says so when nothing was told, and when it is used wrongly', async () => {
    const silent = await run('stories', '--run', 'node -e 0 --');
    expect(silent).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('told no story') });
    const wrong = await run('histories');
    expect(wrong).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: annals stories') });
  });
});
