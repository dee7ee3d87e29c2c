import { describe, expect, test } from '@jest/globals';
import { Event, InvalidEventVersion, InvalidIdentifier, On, UncallableHandler, eventTypeOf } from 'annals';
import { handlersOf } from '../../../src/domain/on.ts';

@Event('thing.done', { version: 3, aliases: ['thing.made'] })
class Done {}

/* What a compiler emits for standard (TC39) decorators, written out: this file is compiled in legacy mode. */
function standardMode(): new () => object {
  class Handler {
    done(this: void) {
      return undefined;
    }
  }
  const context = { kind: 'method', name: 'done' } as unknown as ClassMethodDecoratorContext;
  On(Done)(Handler.prototype.done, context);
  return Handler;
}

describe('@Event', () => {
  test('leaves name, version and aliases on the class', () => {
    expect(eventTypeOf(Done)).toEqual({ name: 'thing.done', schemaVersion: 3, aliases: ['thing.made'] });
  });

  test('is not inherited', () => {
    class Special extends Done {}
    expect(eventTypeOf(Special)).toBeUndefined();
  });

  test.each(['nodot', '', ' ', 'a b.c', 'a.', '.a', 'a..b', 'a.\u0000', `a.${'x'.repeat(300)}`, 'a.\u202eb'])(
    'refuses the name %j',
    name => {
      expect(() => Event(name)).toThrow(InvalidIdentifier);
    },
  );
});

describe('The version of @Event', () => {
  test.each([0, -1, 1.5, '3', Number.NaN, 32_768])('may not be %j', version => {
    const facts = { code: 'invalid-event-version', type: 'thing.done', version };
    const decorate = () => Event('thing.done', { version: version as number });
    expect(decorate).toThrow(InvalidEventVersion);
    expect(decorate).toThrow(expect.objectContaining(facts));
  });
});

describe('@On', () => {
  test('works in standard decorator mode', () => {
    expect(handlersOf(standardMode())).toEqual([{ eventClass: Done, method: 'done', key: undefined }]);
  });

  test('may stand several times on one method', () => {
    @Event('thing.undone')
    class Undone {}
    class Handler {
      @On(Done) @On(Undone) either() {
        return undefined;
      }
    }
    expect(handlersOf(Handler).map(handler => handler.eventClass)).toEqual([Undone, Done]);
  });
});

describe('@On of a method that nobody can call', () => {
  const mark = (what: object): (() => void) => {
    const context = { kind: 'method', private: false, static: false, ...what };
    return () => On(Done)((): void => undefined, context as unknown as ClassMethodDecoratorContext);
  };

  test('is refused if it is #private, because it would change nothing', () => {
    expect(mark({ name: '#done', private: true })).toThrow(
      expect.objectContaining({
        ...{ code: 'uncallable-handler', event: 'Done', method: '#done' },
        message:
          '@On(Done) marks #done, which is #private and would never be called. Make it a method of the instance, ' +
          "private or protected by TypeScript's own words if it is to be.",
      }),
    );
  });

  test('is refused if it is static, in both modes of decorators', () => {
    expect(mark({ name: 'done', static: true })).toThrow('marks done, which is static');
    expect(() => {
      class Handler {
        @On(Done) static done() {
          return undefined;
        }
      }
      return Handler;
    }).toThrow(UncallableHandler);
  });
});
