import { test } from 'vitest';
import { scenarioFor } from 'annals/testing';
import { Account } from '../../../../../support/bank.ts';

/* Another file, which may find the kit loaded already. */
test('forgets in another file', () => {
  scenarioFor(Account)
    .nothing()
    .when(account => account.deposit(1));
});
