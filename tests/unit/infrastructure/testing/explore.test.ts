import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Aggregate, AggregateRoot, Event, On } from 'annals';
import type { Decider } from 'annals';
import { explore } from 'annals/testing';
import {
  Account,
  Counted,
  Deposit,
  DepositHandler,
  MoneyDeposited,
  OpenAccount,
  OpenAccountHandler,
  counter,
} from '../../../support/bank.ts';
import { HastyTill } from './broken.ts';
import { failureOf } from './failure-of.ts';

@Event('purse.filled')
class PurseFilled {
  constructor(
    readonly cents: number,
    readonly by: string,
  ) {}
}

@Event('purse.emptied')
class PurseEmptied {
  constructor(readonly cents: number) {}
}

/** Forgets to look whether there is enough in it. */
@Aggregate('purse')
class Purse extends AggregateRoot<PurseFilled | PurseEmptied> {
  cents = 0;
  fill(cents: number, by: string) {
    this.raise(new PurseFilled(cents, by));
  }
  take(cents: number) {
    this.raise(new PurseEmptied(cents));
  }
  shake() {
    if (this.cents > 1_000) throw new TypeError('too heavy');
  }
  @On(PurseFilled) protected filled(event: PurseFilled) {
    this.cents += event.cents;
  }
  @On(PurseEmptied) protected emptied(event: PurseEmptied) {
    this.cents -= event.cents;
  }
}

const amounts = fc.integer({ min: 1, max: 2_000 });

describe('explore', () => {
  test('is content with an aggregate that holds', () =>
    explore(Account, {
      commands: {
        deposit: [fc.integer()],
        withdraw: [fc.integer({ min: 0 })],
        changeEmail: [fc.constantFrom('a@x.org', null)],
      },
      invariants: {
        'the balance is never negative': account => account.balance >= 0,
        'the balance is the sum of deposits and withdrawals': (account, events) =>
          account.balance ===
          events.reduce(
            (sum, event) =>
              sum + ('amount' in event ? (event instanceof MoneyDeposited ? 1 : -1) * event.amount : 0),
            0,
          ),
      },
      runs: 30,
    }));

  test('shrinks what does not hold to the shortest story, and prints it', async () => {
    const failure = await failureOf(
      explore(Purse, {
        commands: { fill: [amounts, fc.constant("Ada's")], take: [amounts] },
        invariants: { 'nothing is owed': purse => purse.cents >= 0 },
        seed: 1,
      }),
    );
    expect(failure.replace(/Found in run.*/, 'Found …')).toBe(
      [
        'A story of 1 command fails for Purse.',
        '',
        '    take(1)   stored PurseEmptied { cents: 1 }',
        '',
        '  "nothing is owed" does not hold.',
        '',
        '    state of purse/purse-1, version 0 → 1:',
        '      cents   – → -1',
        '',
        '  Ready to paste:',
        '',
        "    test('nothing is owed', () =>",
        '      scenarioFor(Purse)',
        '        .nothing()',
        '        .when(purse => purse.take(1))',
        '        .thenState(purse => purse.cents >= 0));',
        '',
        '  Found …',
      ].join('\n'),
    );
    expect(failure).toMatch(/Found in run \d+, shrunk \d+ times?\. Repeat it with \{ seed: 1 \}\.$/);
  });

  test('prints what the story was told with, and an invariant that is a method as code', async () => {
    const failure = await failureOf(
      explore(Purse, {
        ...{
          startsAt: '2030-01-01T00:00:00Z',
          withoutLaws: ['snapshot-equals-replay'],
          bind: () => undefined,
        },
        commands: { take: [amounts] },
        invariants: {
          'nothing is owed'(purse) {
            return purse.cents >= 0;
          },
        },
        seed: 1,
      }),
    );
    expect(failure).toContain(
      "scenarioFor(Purse, { startsAt: '2030-01-01T00:00:00Z', bind: () => { /* as before */ }, " +
        "withoutLaws: ['snapshot-equals-replay'] })",
    );
    expect(failure).toMatch(
      /\.thenState\(\(\{ 'nothing is owed' ?\(purse\) \{[^]*\} \}\)\['nothing is owed'\]\)\);/,
    );
  });

  test('finds what breaks, and tells what came before by its events', async () => {
    const failure = await failureOf(
      explore(Purse, { commands: { fill: [amounts, fc.constant("Ada's")], shake: [] }, seed: 2 }),
    );
    expect(failure).toContain('TypeError: too heavy');
    expect(failure).toMatch(
      /\.events\(new PurseFilled\(\d+, 'Ada\\'s'\), .*\)\n +\.when\(purse => purse\.shake\(\)\)\n +\.thenNothing\(\)\);/,
    );
  });

  test('checks the laws', async () => {
    const failure = await failureOf(
      explore(HastyTill, { commands: { payIn: [fc.integer({ min: 1 })] }, seed: 3 }),
    );
    expect(failure).toContain('The law "replay equals live" is broken');
    expect(failure).toMatch(
      /\.when\(hastyTill => hastyTill\.payIn\(1\)\)\n +\.thenEvents\(new PaidIn\(1\)\)\);/,
    );
  });

  test('dispatches commands', async () => {
    const failure = await failureOf(
      explore(Account, {
        id: 'acc-1',
        handlers: [OpenAccountHandler, DepositHandler],
        commands: [
          amounts.map(amount => new Deposit('acc-1', amount)),
          fc.constant(new OpenAccount('acc-1', 'Ada')),
        ],
        invariants: { 'nobody gets rich': account => account.balance < 10 },
        seed: 4,
      }),
    );
    expect(failure).toContain('"nobody gets rich" does not hold.');
    expect(failure).toContain(
      "scenarioFor(Account, { id: 'acc-1', handlers: [OpenAccountHandler, DepositHandler] })",
    );
    expect(failure).toContain(".events(new AccountOpened('Ada'))");
    expect(failure).toContain(".when(new Deposit('acc-1', 10))");
  });

  test('gives a decider its commands', async () => {
    await explore(counter, {
      commands: [fc.record({ by: fc.nat(60) })],
      invariants: { 'stops at a hundred': ({ state }) => state <= 100 },
      runs: 30,
    });
    const careless: Decider<{ by: number }, Counted, number> = {
      ...counter,
      aggregateType: 'careless',
      decide: ({ by }) => new Counted(by),
    };
    const failure = await failureOf(
      explore(careless, {
        commands: [fc.record({ by: fc.nat(60) })],
        invariants: { 'stops at a hundred': ({ state }) => state <= 100 },
        seed: 5,
      }),
    );
    expect(failure).toContain('.when({ by: ');
    expect(failure).toContain('"stops at a hundred" does not hold.');
  });
});
