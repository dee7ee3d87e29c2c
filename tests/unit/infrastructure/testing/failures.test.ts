import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AggregateNotFound, DomainError, UniqueKeyTaken } from 'annals';
import { anEvent, eventThat, explore, projectionFor, scenarioFor } from 'annals/testing';
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
  OpenAccountHandler,
  bankModule,
} from '../../../support/bank.ts';
import { Amounts, poison, resetPoison } from '../../../support/poison.ts';
import {
  ForgetfulHandler,
  HastyTill,
  PaidIn,
  PayIn,
  PunctualTill,
  StrictTill,
  Till,
  TillOpened,
  TimedTill,
  incompleteModule,
} from './broken.ts';
import { failureOf } from './failure-of.ts';

const golden = join(import.meta.dirname, 'golden/failures.txt');

const opened = scenarioFor(Account).events(new AccountOpened('Ada'));
const both = opened.when(account => {
  account.deposit(30);
  account.withdraw(10);
});
const teller = scenarioFor(Account, { id: 'acc-1', handlers: [DepositHandler, OpenAccountHandler] });
const longText = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.';

/* Typical failures; what each says is pinned, and read by people. */
const failures: Readonly<Record<string, () => PromiseLike<void>>> = {
  'one field differs': () => both.thenEvents(new MoneyDeposited(30), new MoneyWithdrawn(11)),
  'a long text differs': () =>
    opened.when(account => account.changeEmail(longText)).thenEvents(new EmailChanged(`${longText}.`)),
  'the order is wrong': () => both.thenEvents(new MoneyWithdrawn(10), new MoneyDeposited(30)),
  'one is missing at the end': () =>
    both.thenEvents(new MoneyDeposited(30), new MoneyWithdrawn(10), new MoneyDeposited(1)),
  'one is missing in between': () =>
    both.thenEvents(new MoneyDeposited(30), new EmailChanged('ada@x.org'), new MoneyWithdrawn(10)),
  'two are missing': () =>
    opened
      .when(account => account.deposit(30))
      .thenEvents(new MoneyDeposited(30), new MoneyWithdrawn(10), new EmailChanged(null)),
  'one is too many': () => both.thenEvents(new MoneyDeposited(30)),
  'one was stored twice': () =>
    opened
      .when(account => {
        account.deposit(30);
        account.deposit(30);
      })
      .thenEvents(new MoneyDeposited(30)),
  'another event was stored': () =>
    opened.when(account => account.deposit(30)).thenEvents(new EmailChanged(null)),
  'nothing is right': () => both.thenEvents(new EmailChanged('ada@x.org'), new AccountOpened('Ada')),
  'nothing was stored': () => opened.when(() => undefined).thenEvents(new MoneyDeposited(1)),
  'something was stored where nothing should be': () => both.thenNothing(),
  'it was refused': () => opened.when(account => account.deposit(-1)).thenEvents(new MoneyDeposited(-1)),
  'it broke': () => opened.when(account => (account as never as { fly(): void }).fly()).thenNothing(),
  'it was not refused': () => opened.when(account => account.deposit(1)).thenFails(DomainError),
  'it was refused otherwise': () => opened.when(account => account.deposit(-1)).thenFails(UniqueKeyTaken),
  'it was refused with other facts': () =>
    opened
      .when(account => account.deposit(-1))
      .thenFails(DomainError, { message: 'A deposit must be positive!' }),
  'it returned nothing': () => opened.when(account => account.deposit(1)).thenReturns(1),
  'it returned something else': () =>
    teller.events(new MoneyDeposited(5)).when(new Deposit('acc-1', 30)).thenReturns(30),
  'the state is another': () => both.thenState({ balance: 30, email: 'ada@x.org' }),
  'a pattern does not fit': () =>
    both.thenEvents(anEvent(MoneyDeposited, { amount: 31 }), anEvent(MoneyWithdrawn)),
  'a predicate says no': () =>
    both.thenEvents(
      eventThat(MoneyDeposited, 'is a lot', event => event.amount > 100),
      anEvent(MoneyWithdrawn),
    ),
  'the envelope is another': () => both.thenIncludes(anEvent(MoneyDeposited).recorded({ userId: 'ada' })),
  'the aggregate was never created': () =>
    teller.when(new Deposit('acc-1', 1)).thenEvents(new MoneyDeposited(1)),
  'the command is for another aggregate': () =>
    teller.events(new MoneyDeposited(5)).when(new Deposit('acc-2', 1)).thenEvents(new MoneyDeposited(1)),
  'nobody handles the command': () =>
    scenarioFor(Account, { id: 'acc-1', handlers: [OpenAccountHandler] as never[] })
      .when(new Deposit('acc-1', 1) as never)
      .thenNothing(),
  'a given command was refused': () =>
    teller
      .commands(new OpenAccount('acc-1', 'Ada'), new Deposit('acc-1', 0))
      .when(() => undefined)
      .thenNothing(),
  'nobody waited for a change': () =>
    scenarioFor(Till, { id: 't', handlers: [ForgetfulHandler] })
      .events(new PaidIn(1))
      .when(new PayIn('t', 1))
      .thenEvents(new PaidIn(1)),
  'no module knows the event': () =>
    scenarioFor(Till, { modules: [incompleteModule] })
      .when(till => till.open('today'))
      .thenEvents(new TillOpened('today')),
  'state is changed outside of @On': () =>
    scenarioFor(HastyTill)
      .when(till => till.payIn(5))
      .thenEvents(new PaidIn(5)),
  'an @On method throws': () =>
    scenarioFor(StrictTill)
      .when(till => till.payIn(-5))
      .thenEvents(new PaidIn(5)),
  'a decision reads the clock': () =>
    scenarioFor(TimedTill)
      .when(till => till.open())
      .thenEvents(anEvent(TillOpened)),
  'a decision reads the clock, and the test too': () =>
    scenarioFor(PunctualTill)
      .when(till => till.open())
      .thenEvents(new TillOpened('2026-01-01T00:00:00.000Z')),
  'a given event breaks an @On method': () =>
    scenarioFor(StrictTill)
      .events(new PaidIn(-5))
      .when(till => till.payIn(5))
      .thenEvents(new PaidIn(5)),
  'a projector breaks': () => {
    resetPoison();
    return projectionFor(Amounts)
      .on('a', new MoneyDeposited(1), new MoneyDeposited(poison.amount))
      .thenDocuments({});
  },
  'a document is another': () =>
    projectionFor(Balances)
      .on('a', new MoneyDeposited(30))
      .thenDocuments({ a: { balance: 31 } }),
  'two at the same time both succeed': () =>
    scenarioFor(Account, { modules: [bankModule] })
      .events(new MoneyDeposited(100))
      .whenConcurrently(
        account => account.withdraw(10),
        account => account.withdraw(20),
      )
      .thenFails(AggregateNotFound),
  'explored commands are for other aggregates': () =>
    explore(Account, {
      ...{ handlers: [OpenAccountHandler, DepositHandler], runs: 20, seed: 1 },
      commands: [fc.nat(9).map(number => new OpenAccount(`acc-${number}`, 'Ada'))],
      invariants: { 'nobody is rich': account => account.version === 0 },
    }),
  'explored commands are all refused': () =>
    explore(Account, {
      ...{ handlers: [DepositHandler], runs: 20, seed: 1 },
      commands: [fc.constant(new Deposit('acc-1', 1))],
    }),
  'explored commands are refused or do nothing': () =>
    explore(Account, {
      ...{ runs: 20, seed: 1 },
      commands: { deposit: [fc.constantFrom(0, -1)], uniqueKeys: [] },
    }),
  'explored commands do nothing': () =>
    explore(Account, { commands: { uniqueKeys: [] }, runs: 20, maxCommands: 1 }),
};

/* Where a thing happened depends on the machine, and when on the day. */
function withoutPlaces(text: string): string {
  return text
    .replace(/\(?(?:file:\/\/)?\/[^\s()]*\/([\w.-]+\.ts):\d+:\d+\)?/g, '($1)')
    .replace(/\b20\d\d-\d\d-\d\d(?:T[\d:.]+Z)?/g, '<a day>');
}

describe('what a failed scenario says', () => {
  test('is what is pinned', async () => {
    const texts: string[] = [];
    for (const [title, scenario] of Object.entries(failures)) {
      const failure = withoutPlaces(await failureOf(scenario()));
      texts.push(`### ${title}\n\n${failure.replace(/^/gm, '    ').replace(/ +$/gm, '')}\n`);
    }
    const actual = texts.join('\n');
    // Run with UPDATE_GOLDEN=1 after a wanted change, and read every text as the person who gets it.
    if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, actual);
    expect(existsSync(golden) ? readFileSync(golden, 'utf8') : '').toBe(actual);
  });
});
