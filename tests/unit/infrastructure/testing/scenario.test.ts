import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateAlreadyExists, AggregateRoot, DomainError, Event, UniqueKeyTaken } from 'annals';
import { ScenarioFailed, VirtualClock, anEvent, eventThat, scenarioFor } from 'annals/testing';
import { failureOf, lineOfFailure } from './failure-of.ts';
import {
  Account,
  AccountOpened,
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

@Event('note.written')
class NoteWritten {
  constructor(
    readonly title: string,
    readonly text: string,
  ) {}
}

@Aggregate('note')
class Note extends AggregateRoot<NoteWritten> {
  write(title: string, text: string) {
    this.raise(new NoteWritten(title, text));
  }
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

  test('gives a decider its commands', () =>
    scenarioFor(counter).nothing().when({ by: 2 }).thenEvents(new Counted(2)).and.thenState({ state: 2 }));

  test('takes matchers of the runner at any leaf', () =>
    opened
      .when(account => account.deposit(7))
      .thenEvents(new MoneyDeposited(expect.any(Number) as never), ...[])
      .and.thenEvents(anEvent(MoneyDeposited, { amount: expect.any(Number) })));

  test('compares the payload as a whole, unless a part is asked for', async () => {
    const order = scenarioFor(Note).when(note => note.write('a', 'b'));
    await order.thenEvents(anEvent(NoteWritten, { title: 'a' }));
    await order.thenEvents(anEvent(new NoteWritten('a', 'b')));
    await order.thenEvents(eventThat(NoteWritten, 'has a text', event => event.text !== ''));
    await expect(failureOf(order.thenEvents(new NoteWritten('a', undefined as never)))).resolves.toContain(
      'text',
    );
  });

  test('compares the envelope when it is asked for', async () => {
    const deposited = opened.at('2026-02-03T04:05:06Z').when(account => account.deposit(7));
    await deposited.thenEvents(
      anEvent(MoneyDeposited).recorded({
        aggregateId: 'account-1',
        version: 2,
        recordedAt: new Date('2026-02-03T04:05:06Z'),
      }),
    );
    const wrong = deposited.thenEvents(anEvent(MoneyDeposited, { amount: 7 }).recorded({ userId: 'ada' }));
    await expect(failureOf(wrong)).resolves.toContain('userId: "ada"');
  });

  test('finds events among others', async () => {
    const both = opened.when(account => {
      account.deposit(7);
      account.withdraw(1);
    });
    await both.thenIncludes(new MoneyWithdrawn(1));
    await both
      .thenIncludes(new MoneyDeposited(7))
      .and.thenIncludes(new MoneyDeposited(7), new MoneyWithdrawn(1));
    await expect(
      failureOf(both.thenIncludes(new MoneyWithdrawn(1), new MoneyDeposited(7))),
    ).resolves.toContain('order');
    await expect(failureOf(both.thenIncludes(new MoneyDeposited(8)))).resolves.toContain('expected 8, got 7');
  });

  test('compares some fields of the state', async () => {
    const deposited = opened.when(account => account.deposit(7));
    await deposited.thenState({ balance: 7 });
    await expect(failureOf(deposited.thenState({ balance: 8 }))).resolves.toContain(
      'The aggregate has other values of balance.',
    );
    await expect(failureOf(deposited.thenState(account => account.balance === 8))).resolves.toContain(
      'returned false',
    );
  });

  test('checks one act in several ways', () =>
    opened
      .when(account => account.withdraw(1))
      .thenFails(DomainError)
      .and.thenNothing()
      .and.thenState({ balance: 0 })
      .and.when(account => account.deposit(1))
      .thenEvents(new MoneyDeposited(1))
      .and.thenReturns(undefined));

  test('knows another aggregate of the same kind by its id alone', () =>
    scenarioFor(Account)
      .stream('other', new EmailChanged('ada@x.org'))
      .when(account => account.changeEmail('ada@x.org'))
      .thenFails(UniqueKeyTaken));

  test('points at the check that failed, wherever it stands among others', async () => {
    const chain = opened
      .when(account => account.deposit(30))
      .thenEvents(new MoneyDeposited(31))
      .and.thenState({ balance: 30 })
      .and.thenReturns(undefined);
    expect(await lineOfFailure(chain)).toBe('.thenEvents(new MoneyDeposited(31))');
    const later = opened
      .when(account => account.deposit(30))
      .thenEvents(new MoneyDeposited(30))
      .and.thenState({ balance: 31 })
      .and.thenReturns(undefined);
    expect(await lineOfFailure(later)).toBe('.and.thenState({ balance: 31 })');
  });

  test('lets time pass', () =>
    opened
      .whenTimePasses('2027-01-01T00:00:00Z')
      .thenNothing()
      .and.thenReturns(undefined)
      .and.when(account => account.deposit(1))
      .thenEvents(anEvent(MoneyDeposited).recorded({ recordedAt: new Date('2027-01-01T00:00:00Z') })));

  test('tells which given event or command could not be', async () => {
    const refused = scenarioFor(Account, { id: 'acc-1', handlers: [DepositHandler] })
      .events(new MoneyDeposited(1))
      .commands(new Deposit('acc-1', 0))
      .when(() => undefined)
      .thenNothing();
    await expect(failureOf(refused)).resolves.toContain(
      'The given command "deposit (account id: "acc-1", amount: 0)" did not succeed.',
    );
    const unstorable = opened
      .events(new MoneyDeposited(NaN))
      .when(() => undefined)
      .thenNothing();
    await expect(failureOf(unstorable)).resolves.toContain(
      'The given event of account-1 could not be stored.',
    );
  });
});

describe('a time', () => {
  const opened = scenarioFor(Account).events(new AccountOpened('Ada'));

  test.each([
    ['at', () => opened.at('tomorrow')],
    ['whenTimePasses', () => opened.whenTimePasses(new Date(NaN))],
    ['startsAt', () => new VirtualClock('tomorrow')],
  ])('that is none is refused: %s', (_call, make) => {
    expect(make).toThrow(ScenarioFailed);
    expect(make).toThrow(
      /^"(tomorrow|Invalid Date)" is no time\. Give a Date, or ISO 8601 such as '2026-01-31T12:00Z'\.$/,
    );
  });
});

describe('two at the same time', () => {
  const rich = scenarioFor(Account).events(new MoneyDeposited(100));

  test('are both stored, the first one first', () =>
    rich
      .whenConcurrently(
        account => account.deposit(1),
        account => account.deposit(2),
      )
      .thenEvents(new MoneyDeposited(1), new MoneyDeposited(2)));

  test('decide again: what one has spent is gone for the other', () =>
    rich
      .whenConcurrently(
        account => account.withdraw(60),
        account => account.withdraw(60),
      )
      .thenFails(DomainError, { message: 'The balance is 40.' })
      .and.thenEvents(new MoneyWithdrawn(60))
      .and.thenState({ balance: 40 }));

  test('are told in any order: what was stored, then who was refused', () =>
    rich
      .whenConcurrently(
        account => account.withdraw(60),
        account => account.withdraw(60),
      )
      .thenEvents(new MoneyWithdrawn(60))
      .and.thenFails(DomainError, { message: 'The balance is 40.' })
      .and.when(account => account.withdraw(40))
      .thenEvents(new MoneyWithdrawn(40)));

  test('may not fail where only the next act is said to', async () => {
    const failure = await failureOf(
      rich
        .whenConcurrently(
          account => account.withdraw(60),
          account => account.withdraw(60),
        )
        .thenEvents(new MoneyWithdrawn(60))
        .and.when(account => account.withdraw(60))
        .thenFails(DomainError),
    );
    expect(failure).toContain('It failed, but nobody expected that:');
  });

  test('race as commands, too, and to create the same aggregate', () =>
    scenarioFor(Account, { id: 'acc-1', handlers: [OpenAccountHandler] })
      .nothing()
      .whenConcurrently(new OpenAccount('acc-1', 'Ada'), new OpenAccount('acc-1', 'Eve'))
      .thenFails(AggregateAlreadyExists)
      .and.thenEvents(new AccountOpened('Ada')));

  test('are stored in the order given, however long the first one takes to decide', () =>
    rich
      .whenConcurrently(
        async account => {
          await new Promise(resolve => setImmediate(resolve));
          account.deposit(1);
        },
        account => account.deposit(2),
      )
      .thenEvents(new MoneyDeposited(1), new MoneyDeposited(2)));

  test('really decide on the same state', async () => {
    const seen: number[] = [];
    const look = (account: Account): void => {
      seen.push(account.version);
      account.deposit(1);
    };
    const race = scenarioFor(Account, { withoutLaws: ['same-input-same-events'] })
      .events(new MoneyDeposited(100))
      .whenConcurrently(look, look);
    await race.thenEvents(new MoneyDeposited(1), new MoneyDeposited(1));
    expect(seen).toEqual([1, 1, 2]);
  });
});
