import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateRoot, Event, EventNotNamed, On, UnableToApplyEvent } from 'annals';
import { createAggregate, replayEvent } from '../../../src/domain/aggregate-root.ts';
import { Account, AccountOpened, MoneyDeposited } from '../../support/bank.ts';

@Event('thing.happened')
class Happened {}

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
