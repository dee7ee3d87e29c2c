import { describe, expect, test } from '@jest/globals';
import { DomainError, UniqueKeyTaken } from 'annals';
import { ScenarioFailed, projectionFor, scenarioFor } from 'annals/testing';
import {
  Account,
  AccountOpened,
  Balances,
  Counted,
  Deposit,
  DepositHandler,
  EmailChanged,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  OpenAccountHandler,
  bankModule,
  counter,
} from '../../../support/bank.ts';
import { Amounts, poison, resetPoison } from '../../../support/poison.ts';

async function failureOf(scenario: PromiseLike<void>): Promise<string> {
  const error: unknown = await Promise.resolve(scenario).then(
    () => new Error('It passed.'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ScenarioFailed);
  return (error as ScenarioFailed).message;
}

describe('scenarioFor', () => {
  const opened = scenarioFor(Account).events(new AccountOpened('Ada'));

  test('accepts the events that were raised', () =>
    opened.when(account => account.deposit(30)).thenEvents(new MoneyDeposited(30)));

  test('starts from nothing', () =>
    scenarioFor(Account)
      .nothing()
      .when(account => account.open('Ada'))
      .thenEvents(new AccountOpened('Ada')));

  test('accepts a refusal with its fields', () =>
    opened
      .when(account => account.deposit(0))
      .thenFails(DomainError, { message: 'A deposit must be positive.', code: 'domain-error' }));

  test('accepts that nothing happens', () => opened.when(() => undefined).thenNothing());

  test('shows the state that the events made', () =>
    opened.when(account => account.deposit(30)).thenState(account => expect(account.balance).toBe(30)));

  test('dispatches commands through the production wiring', () =>
    scenarioFor(Account, { id: 'acc-1', handlers: [OpenAccountHandler, DepositHandler] })
      .commands(new OpenAccount('acc-1', 'Ada'))
      .when(new Deposit('acc-1', 30))
      .thenEvents(new MoneyDeposited(30)));

  test('returns what the command returned', () =>
    scenarioFor(Account, { id: 'acc-1', modules: [bankModule] })
      .events(new MoneyDeposited(5))
      .when(new Deposit('acc-1', 30))
      .thenReturns(35));

  test('goes on from what came before', () =>
    opened
      .when(account => account.deposit(30))
      .thenEvents(new MoneyDeposited(30))
      .and.when(account => account.withdraw(31))
      .thenFails(DomainError, { message: 'The balance is 30.' })
      .and.when(account => account.withdraw(30))
      .thenEvents(new MoneyWithdrawn(30)));

  test('sees other streams', () =>
    scenarioFor(Account)
      .stream(Account, 'other', new EmailChanged('ada@x.org'))
      .when(account => account.changeEmail('bob@x.org'))
      .thenEvents(new EmailChanged('bob@x.org')));

  test('knows the unique keys of what was given', () =>
    scenarioFor(Account)
      .stream(Account, 'other', new EmailChanged('ada@x.org'))
      .when(account => account.changeEmail('ada@x.org'))
      .thenFails(UniqueKeyTaken, { key: 'email:ada@x.org' }));

  test('takes a decider', () =>
    scenarioFor(counter)
      .events(new Counted(40))
      .when(aggregate => aggregate.decide({ by: 2 }))
      .thenEvents(new Counted(2)));

  test('takes matchers of the runner at any leaf', () =>
    opened
      .when(account => account.open.call({ version: 0, raise: () => account.deposit(7) } as never, 'x'))
      .thenEvents(Object.assign(new MoneyDeposited(0), { amount: expect.any(Number) })));
});

describe('a failed scenario', () => {
  const opened = scenarioFor(Account).events(new AccountOpened('Ada'));
  const deposit = opened.when(account => {
    account.deposit(30);
    account.withdraw(10);
  });

  test('says which field differs', async () => {
    const message = await failureOf(deposit.thenEvents(new MoneyDeposited(30), new MoneyWithdrawn(11)));
    expect(message).toBe(
      [
        'MoneyWithdrawn was raised with other values.',
        '',
        '    expected                        actual',
        '  = MoneyDeposited { amount: 30 }   MoneyDeposited { amount: 30 }',
        '  ≠ MoneyWithdrawn { amount: 11 }   MoneyWithdrawn { amount: 10 }',
        '',
        '  Event 2, MoneyWithdrawn:',
        '    amount: expected 11, got 10',
      ].join('\n'),
    );
  });

  test('says that the order is wrong', async () => {
    const message = await failureOf(deposit.thenEvents(new MoneyWithdrawn(10), new MoneyDeposited(30)));
    expect(message).toContain('The same events were raised, in another order.');
  });

  test('says what is missing and what is too much', async () => {
    await expect(failureOf(deposit.thenEvents(new MoneyDeposited(30)))).resolves.toContain(
      '1 event more than expected',
    );
    const two = [new MoneyDeposited(30), new MoneyWithdrawn(10)];
    await expect(failureOf(deposit.thenEvents(...two, new MoneyDeposited(1)))).resolves.toContain(
      '1 event missing',
    );
    await expect(failureOf(deposit.thenNothing())).resolves.toContain(
      'Expected no event, but 2 events were raised.',
    );
    const nothing = opened.when(() => undefined).thenEvents(new MoneyDeposited(1));
    await expect(failureOf(nothing)).resolves.toContain('nothing was raised');
  });

  test('shows an unexpected error with its line', async () => {
    const message = await failureOf(
      opened.when(account => account.deposit(-1)).thenEvents(new MoneyDeposited(1)),
    );
    expect(message).toMatch(/failed with DomainError: A deposit must be positive\.\n {2}at .*bank/);
  });

  test('says that it was not refused, or refused otherwise', async () => {
    await expect(failureOf(deposit.thenFails(DomainError))).resolves.toBe(
      'Expected DomainError, but it succeeded and stored MoneyDeposited, MoneyWithdrawn.',
    );
    const refused = opened.when(account => account.deposit(0));
    await expect(failureOf(refused.thenFails(TypeError))).resolves.toContain(
      'Expected TypeError, but it failed with',
    );
    await expect(failureOf(refused.thenFails(DomainError, { code: 'x' }))).resolves.toContain(
      'code: expected "x", got "domain-error"',
    );
  });
});

describe('projectionFor', () => {
  test('shows the documents', () =>
    projectionFor(Balances)
      .on('a', new MoneyDeposited(30), new MoneyWithdrawn(10))
      .on('b', new MoneyDeposited(1))
      .thenDocuments({ a: { balance: 20 }, b: { balance: 1 } }));

  test('says which document differs', async () => {
    const failed = projectionFor(Balances)
      .on('a', new MoneyDeposited(30))
      .thenDocuments({ a: { balance: 31 } });
    await expect(failureOf(failed)).resolves.toContain('a.balance: expected 31, got 30');
  });

  test('shows the error of an event that an app would park', async () => {
    resetPoison();
    const failed = projectionFor(Amounts).on('a', new MoneyDeposited(poison.amount)).thenDocuments({});
    await expect(failureOf(failed)).resolves.toContain('RangeError: poison 13');
  });
});
