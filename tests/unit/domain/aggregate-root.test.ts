import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateRoot, Event, EventNotNamed, On, UnableToApplyEvent } from 'annals';
import { createAggregate, replayEvent } from '../../../src/domain/aggregate-root.ts';
import { aggregateClassOf } from '../../../src/domain/decider.ts';
import { Account, AccountOpened, MoneyDeposited, counter } from '../../support/bank.ts';

@Event('thing.happened')
class Happened {}

@Event('thing.followed')
class Followed {}

class Chain extends AggregateRoot {
  act() {
    this.raise(new Happened());
  }
  follow() {
    this.raise(new Followed());
  }
  @On(Happened) protected happened() {
    this.raise(new Followed());
  }
}

describe('AggregateRoot', () => {
  test('applies an event before it records it', () => {
    const account = createAggregate(Account, 'acc-1');
    account.deposit(30);
    expect(account.balance).toBe(30);
    expect(account.pendingEvents).toEqual([new MoneyDeposited(30)]);
    expect(account.version).toBe(0);
    expect(account.id).toBe('acc-1');
  });

  test('accepts an event that changes no state', () => {
    const account = createAggregate(Account, 'acc-1');
    account.open('Ada');
    expect(account.pendingEvents).toEqual([new AccountOpened('Ada')]);
  });

  test('takes version and state from replayed events, and records none of them', () => {
    const account = createAggregate(Account, 'acc-1');
    replayEvent(account, new MoneyDeposited(10), 1);
    replayEvent(account, new MoneyDeposited(5), 2);
    expect(account.balance).toBe(15);
    expect(account.version).toBe(2);
    expect(account.pendingEvents).toEqual([]);
  });

  test('refuses an event whose class has no name', () => {
    class Nameless {}
    class Thing extends AggregateRoot {
      act() {
        this.raise(new Nameless());
      }
    }
    expect(() => createAggregate(Thing, 'x').act()).toThrow(EventNotNamed);
    expect(() => createAggregate(Thing, 'x').act()).toThrow(
      "@Event('aggregate.past_tense_verb') class Nameless",
    );
  });

  test('names aggregate, method and event when an @On method throws', () => {
    class Thing extends AggregateRoot {
      act() {
        this.raise(new Happened());
      }
      @On(Happened) protected happened() {
        throw new TypeError('oops');
      }
    }
    const thing = createAggregate(Thing, 'x');
    expect(() => thing.act()).toThrow(UnableToApplyEvent);
    expect(() => thing.act()).toThrow('Thing.happened threw an error while applying Happened');
    expect(thing.pendingEvents).toEqual([]);
  });

  test('refuses an @On method that waits', () => {
    class Thing extends AggregateRoot {
      act() {
        this.raise(new Happened());
      }
      @On(Happened) protected async happened() {
        await Promise.resolve();
      }
    }
    expect(() => createAggregate(Thing, 'x').act()).toThrow('returned a promise');
  });

  test('ends no process when what was refused fails later', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    class Thing extends AggregateRoot {
      act() {
        this.raise(new Happened());
      }
      @On(Happened) protected async happened() {
        throw new Error('too late');
      }
    }
    try {
      expect(() => createAggregate(Thing, 'x').act()).toThrow('returned a promise');
      await new Promise(resolve => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  test('refuses an @On method that raises, which every replay would do again', () => {
    const thing = createAggregate(Chain, 'x');
    expect(() => thing.act()).toThrow(
      expect.objectContaining({
        code: 'unable-to-apply-event',
        message:
          'Chain.happened raised an event while applying Happened. An @On method only changes state: ' +
          'what follows from the event is raised by the method that raised the event.',
        ...{ aggregate: 'Chain', method: 'happened', event: 'Happened', fault: 'raised an event' },
      }),
    );
    expect(thing.pendingEvents).toEqual([]);
    expect(() => replayEvent(createAggregate(Chain, 'x'), new Happened(), 1)).toThrow(UnableToApplyEvent);
  });

  test('raises again behind an event that was refused', () => {
    const thing = createAggregate(Chain, 'x');
    expect(() => thing.act()).toThrow(UnableToApplyEvent);
    thing.follow();
    expect(thing.pendingEvents).toEqual([new Followed()]);
  });

  test('refuses an applyEvent of its own that raises', () => {
    class Thing extends AggregateRoot {
      protected override applyEvent(): void {
        this.raise(new Followed());
      }
    }
    expect(() => replayEvent(createAggregate(Thing, 'x'), new Happened(), 1)).toThrow(
      'Thing.applyEvent raised an event while applying Happened',
    );
  });

  test('calls the override of a decorated method, once', () => {
    const calls: string[] = [];
    class Base extends AggregateRoot {
      act() {
        this.raise(new Happened());
      }
      @On(Happened) protected happened() {
        calls.push('base');
      }
    }
    class Derived extends Base {
      @On(Happened) protected override happened() {
        calls.push('derived');
      }
    }
    createAggregate(Derived, 'x').act();
    expect(calls).toEqual(['derived']);
  });

  test('refuses an aggregate name with a slash', () => {
    expect(() => Aggregate('a/b')).toThrow('contains a slash');
  });
});

describe('a decider', () => {
  test('may not wait in evolve, and ends no process when that fails later', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const waiting = { ...counter, evolve: (): number => Promise.reject(new Error('late')) as never };
    try {
      expect(() => createAggregate(aggregateClassOf(waiting), 'x').decide({ by: 1 })).toThrow(
        'counter.evolve returned a promise while applying Counted',
      );
      await new Promise(resolve => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
