import { describe, expect, test } from '@jest/globals';
import { DomainError } from 'annals';
import { Account, counter } from '../../support/bank.ts';
import { startBank, versionOf } from '../../support/start-bank.ts';

describe('a decider', () => {
  test('is accepted wherever an aggregate class is', async () => {
    const app = await startBank();
    const counters = app.repository(counter);
    await counters.create('c', aggregate => aggregate.decide({ by: 40 }));
    await counters.update('c', aggregate => aggregate.decide({ by: 2 }));
    await expect(counters.update('c', aggregate => aggregate.decide({ by: 60 }))).rejects.toThrow(
      DomainError,
    );
    const rebuilt = await app.replay.rebuildAggregate(counter, 'c');
    expect({ state: rebuilt.state, version: rebuilt.version }).toEqual({ state: 42, version: 2 });
  });
});

describe('unique keys', () => {
  test('are held by one aggregate until it drops them', async () => {
    const app = await startBank();
    const accounts = app.repository(Account);
    await accounts.create('a', account => account.changeEmail('ada@x.org'));
    const taken = accounts.create('b', account => account.changeEmail('ada@x.org'));
    await expect(taken).rejects.toMatchObject({ code: 'unique-key-taken', key: 'email:ada@x.org' });
    await accounts.update('a', account => account.changeEmail(null));
    await accounts.create('b', account => account.changeEmail('ada@x.org'));
    await expect(versionOf(app, 'b')).resolves.toBe(1);
  });
});
