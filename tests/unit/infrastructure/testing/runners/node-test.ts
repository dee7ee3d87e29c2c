import { describe, test } from 'node:test';
import { scenarioFor } from 'annals/testing';
import { Account, MoneyDeposited } from '../../../../support/bank.ts';

/* Told by node:test, which awaiting.test.ts starts. */
const deposit = scenarioFor(Account)
  .nothing()
  .when(account => account.deposit(1));

void test('returns', () => deposit.thenEvents(new MoneyDeposited(1)));

void test('awaits', async () => {
  await deposit.thenEvents(new MoneyDeposited(1));
});

void test('fails', () => deposit.thenEvents(new MoneyDeposited(2)));

void describe('in a suite', () => {
  void test('forgets', () => {
    scenarioFor(Account)
      .nothing()
      .when(account => account.deposit(1));
  });
});
