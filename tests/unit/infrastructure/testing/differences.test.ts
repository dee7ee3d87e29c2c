import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateRoot, Event, On, ValueObject } from 'annals';
import { scenarioFor } from 'annals/testing';
import { differences } from '../../../../src/infrastructure/testing/compare/differences.ts';
import { show } from '../../../../src/infrastructure/testing/compare/show.ts';
import { failureOf } from './failure-of.ts';

class Money {
  readonly #amount: number;

  constructor(amount: number) {
    this.#amount = amount;
  }

  get amount(): number {
    return this.#amount;
  }

  get opposite(): Money {
    return new Money(-this.#amount);
  }
}

class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  isLong(): boolean {
    return this.#text.length > 8;
  }
}

class Token extends Secret {
  readonly #seed: number;

  constructor(seed: number) {
    super('');
    this.#seed = seed;
  }

  equals(other: Token): boolean {
    return other.#seed === this.#seed;
  }
}

class Price extends ValueObject {
  readonly #cents: number;

  constructor(cents: number) {
    super();
    this.#cents = cents;
  }

  get cents(): number {
    return this.#cents;
  }
}

class Closed {}

const bytes = (...values: number[]): ArrayBuffer => new Uint8Array(values).buffer;

describe('Differences', () => {
  test.each<[string, unknown, unknown]>([
    ['of a getter', new Money(5), new Money(10)],
    ['of a value object with private fields', new Price(1), new Price(2)],
    ['that only equals() tells', new Token(1), new Token(2)],
    ['of addresses', new URL('http://a'), new URL('http://b')],
    ['of parameters', new URLSearchParams('a=1'), new URLSearchParams('a=2')],
    ['of errors', new Error('a'), new Error('b')],
    ['of causes', new Error('a', { cause: 1 }), new Error('a', { cause: 2 })],
    ['of patterns', /a/, /a/i],
    ['of bytes', bytes(1), bytes(2)],
    ['of a view of bytes', new DataView(bytes(1)), new DataView(bytes(2))],
    ['of boxed numbers', Object(1), Object(2)],
    ['of keys that are objects', new Map([[{ a: 1 }, 1]]), new Map([[{ a: 2 }, 1]])],
    ['of values under them', new Map([[{ a: 1 }, 1]]), new Map([[{ a: 1 }, 2]])],
    ['of keys of another type', new Map<unknown, number>([[1, 1]]), new Map<unknown, number>([['1', 1]])],
    ['of lengths', [1], [1, undefined]],
    ['of promises', Promise.resolve(1), Promise.resolve(2)],
  ])('%s are seen, and equal ones are none', (_what, expected, actual) => {
    expect(differences({ at: expected }, { at: actual })).not.toEqual([]);
    expect(differences({ at: expected }, { at: expected })).toEqual([]);
  });

  test.each<[string, unknown, unknown]>([
    ['of getters', new Money(5), new Money(5)],
    ['of private fields that equals() compares', new Token(1), new Token(1)],
    ['of addresses', new URL('http://a'), new URL('http://a')],
    ['of errors', new Error('a'), new Error('a')],
    ['of patterns', /a/g, /a/g],
    ['of bytes', bytes(1), bytes(1)],
    ['of invalid dates', new Date(Number.NaN), new Date(Number.NaN)],
    ['of keys that are objects', new Map([[{ a: 1 }, { b: 2 }]]), new Map([[{ a: 1 }, { b: 2 }]])],
    ['of classes without any state', new Closed(), new Closed()],
  ])('there are none %s that say the same', (_what, expected, actual) => {
    expect(differences(expected, actual)).toEqual([]);
  });

  test('say where they are, once', () => {
    expect(differences({ lines: [new Money(5)] }, { lines: [new Money(7)] })).toEqual([
      { path: 'lines[0].amount', expected: 5, actual: 7 },
    ]);
    expect(differences(new Map([[{ a: 1 }, 1]]), new Map([[{ a: 2 }, 1]]))).toEqual([
      { path: '{ a: 1 }', expected: 1, actual: undefined },
      { path: '{ a: 2 }', expected: undefined, actual: 1 },
    ]);
  });

  test('of what hides all its state say that it cannot be compared', () => {
    const [found] = differences({ key: new Secret('a') }, { key: new Secret('a') });
    expect(found!.path).toBe('key');
    expect(show(found!.expected)).toBe('<Secret that cannot be compared: give it getters or equals()>');
  });

  test('end where values lead back to themselves', () => {
    const ring = (value: number): object => {
      const first: { value: number; next?: object } = { value };
      first.next = { back: first, list: [first] };
      return first;
    };
    expect(differences(ring(1), ring(1))).toEqual([]);
    expect(differences(ring(1), ring(2))).toEqual([{ path: 'value', expected: 1, actual: 2 }]);
    expect(show(ring(1))).toBe(
      '{ value: 1, next: { back: (the object again), list: [(the object again)] } }',
    );
  });
});

describe('A scenario', () => {
  @Event('ring.added')
  class Added {
    constructor(readonly number: number) {}
  }

  class Item {
    constructor(
      readonly owner: Ring,
      readonly number: number,
    ) {}
  }

  @Aggregate('ring')
  class Ring extends AggregateRoot<Added> {
    readonly items: Item[] = [];

    add(number: number) {
      this.raise(new Added(number));
      return new Money(number);
    }

    @On(Added)
    protected added({ number }: Added) {
      this.items.push(new Item(this, number));
    }
  }

  const added = [1, 2, 3].map(number => new Added(number));

  test('keeps its laws with parts that know their aggregate', () =>
    scenarioFor(Ring)
      .events(...added)
      .when(ring => ring.add(4))
      .thenEvents(new Added(4)));

  test('tells a returned value from another by its getters', async () => {
    const returned = scenarioFor(Ring)
      .nothing()
      .when(ring => ring.add(5));
    await returned.thenReturns(new Money(5));
    expect(await failureOf(returned.thenReturns(new Money(99)))).toMatch(/amount +99 +5/);
  });

  test('does not judge state that nobody can see', async () => {
    @Aggregate('vault')
    class Vault extends AggregateRoot<Added> {
      secret = new Secret('');

      put(number: number) {
        this.raise(new Added(number));
      }

      @On(Added)
      protected added({ number }: Added) {
        this.secret = new Secret(String(number));
      }
    }
    await scenarioFor(Vault)
      .nothing()
      .when(vault => vault.put(1))
      .thenEvents(new Added(1));
  });
});
