import { describe, expect, test } from '@jest/globals';
import { InvalidIdentifier, InvalidUpcaster, upcaster } from 'annals';

const up = (payload: object): object => payload;

describe('an upcaster', () => {
  test('leads to the next version of its type, unless it says otherwise', () => {
    expect(upcaster({ type: 'account.opened', version: 2, up })).toEqual({
      type: 'account.opened',
      version: 2,
      into: { type: 'account.opened', version: 3 },
      up,
    });
    const into = { type: 'account.opened', version: 1 };
    expect(upcaster({ type: 'account.created', version: 1, into, up })).toEqual({
      type: 'account.created',
      version: 1,
      into,
      up,
    });
  });

  test.each([0, -1, 1.5, '1', undefined, NaN])('of version %p is refused', version => {
    const make = () => upcaster({ type: 'account.opened', version: version as number, up });
    expect(make).toThrow(InvalidUpcaster);
    expect(make).toThrow('Give a whole number from 1.');
    const into = { type: 'account.opened', version: version as number };
    expect(() => upcaster({ type: 'account.created', version: 1, into, up })).toThrow(InvalidUpcaster);
  });

  test.each(['opened', '', 'a .b', undefined])('of type %p is refused', type => {
    expect(() => upcaster({ type: type!, version: 1, up })).toThrow(InvalidIdentifier);
    const into = [{ type: type!, version: 1 }] as const;
    expect(() => upcaster({ type: 'account.opened', version: 1, into, up: () => [{}] })).toThrow(
      InvalidIdentifier,
    );
  });

  test('whose up is no function is refused', () => {
    expect(() => upcaster({ type: 'account.opened', version: 1, up: { owner: 'Ada' } as never })).toThrow(
      new InvalidUpcaster(
        { type: 'account.opened', version: 1 },
        "has { owner: 'Ada' } as up. Give a function of the payload.",
      ),
    );
  });

  test('that leads to nothing is refused', () => {
    const make = () => upcaster({ type: 'account.opened', version: 1, into: [], up: () => [] as never });
    expect(make).toThrow('An upcaster of "account.opened" leads to an empty list. Name what it is read as.');
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-upcaster', type: 'account.opened' }));
  });

  test('is typed by what its parts need', () => {
    const into = [
      { type: 'account.renamed', version: 1 },
      { type: 'account.moved', version: 1 },
    ] as const;
    // @ts-expect-error a payload is missing
    upcaster({ type: 'account.changed', version: 1, into, up: () => [{}] });
    // @ts-expect-error a text is no payload
    upcaster({ type: 'account.changed', version: 1, into, up: () => ['', {}] });
    // @ts-expect-error nobody waits for it
    upcaster({ type: 'account.changed', version: 1, up: async () => ({}) });
    // @ts-expect-error a text is no payload
    upcaster({ type: 'account.changed', version: 1, up: () => 'name' });
    expect(upcaster({ type: 'account.changed', version: 1, into, up: () => [{}, undefined] }).into).toEqual(
      into,
    );
  });
});
