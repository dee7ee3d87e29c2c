import { scenarioFor, serializerContract } from 'annals/testing';
import { JsonEventSerializer } from '../../../../../src/infrastructure/serialization/json-event-serializer.ts';
import { Account, MoneyDeposited } from '../../../../support/bank.ts';
import { runAll, test } from './bare-runner.ts';

/* Told by runners of other kinds than jest, which runners.test.ts starts. */
const deposit = scenarioFor(Account)
  .nothing()
  .when(account => account.deposit(1));

test('returns', () => deposit.thenEvents(new MoneyDeposited(1)));

test('fails', () => deposit.thenEvents(new MoneyDeposited(2)));

test('forgets', () => {
  scenarioFor(Account)
    .nothing()
    .when(account => account.deposit(1))
    .thenEvents(new MoneyDeposited(1));
});

test('the contract of serializers', async () => {
  for (const { run } of serializerContract()) await run(classes => new JsonEventSerializer(classes));
});

await runAll();
