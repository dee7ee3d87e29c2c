import { describe, test } from 'vitest';
import { scenarioFor, serializerContract } from 'annals/testing';
import { JsonEventSerializer } from '../../../../../../src/infrastructure/serialization/json-event-serializer.ts';
import { Account, MoneyDeposited } from '../../../../../support/bank.ts';

/* Told by vitest, which runners.test.ts starts. */
const deposit = scenarioFor(Account)
  .nothing()
  .when(account => account.deposit(1));

test('returns', () => deposit.thenEvents(new MoneyDeposited(1)));

test('awaits', async () => {
  await deposit.thenEvents(new MoneyDeposited(1));
});

test('fails', () => deposit.thenEvents(new MoneyDeposited(2)));

test('forgets', () => {
  scenarioFor(Account)
    .nothing()
    .when(account => account.deposit(1))
    .thenEvents(new MoneyDeposited(1));
});

describe('in a suite', () => {
  test('forgets to go on', () => {
    scenarioFor(Account)
      .nothing()
      .when(account => account.deposit(1));
  });

  test('forgets the end of a shared beginning', () => {
    deposit.thenEvents(new MoneyDeposited(2));
  });

  test.concurrent('awaits beside others', () => deposit.thenEvents(new MoneyDeposited(1)));
});

describe('the contract of serializers', () => {
  for (const { name, run } of serializerContract())
    test(name, () => run(classes => new JsonEventSerializer(classes)));
});
