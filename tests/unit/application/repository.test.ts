import { describe, expect, test } from '@jest/globals';
import { createAggregate } from '../../../src/domain/aggregate-root.ts';
import { aggregateClassOf } from '../../../src/domain/decider.ts';
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

describe('a decider whose evolve throws or waits', () => {
  test('is refused like an @On method', async () => {
    const app = await startBank();
    for (const evolve of [
      () => {
        throw new TypeError('oops');
      },
      async () => Promise.resolve(1),
    ]) {
      const broken = { ...counter, evolve: evolve as unknown as () => number };
      const created = app
        .repository(counter)
        .create('x', () => createAggregate(aggregateClassOf(broken), 'x').decide({ by: 1 }));
      await expect(created).rejects.toMatchObject({ code: 'unable-to-apply-event', method: 'evolve' });
    }
  });
});
