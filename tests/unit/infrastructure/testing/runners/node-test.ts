import { describe, test } from 'node:test';
import { scenarioFor, serializerContract } from 'annals/testing';
import { JsonEventSerializer } from '../../../../../src/infrastructure/serialization/json-event-serializer.ts';
import { Account, MoneyDeposited } from '../../../../support/bank.ts';

/* Told by node:test, which runners.test.ts starts. */
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

  void test('forgets the end of a shared beginning', () => {
    void deposit.thenEvents(new MoneyDeposited(2));
  });
});

void describe('the contract of serializers', () => {
  for (const { name, run } of serializerContract()) {
    void test(name, () => run(classes => new JsonEventSerializer(classes)));
  }
});
