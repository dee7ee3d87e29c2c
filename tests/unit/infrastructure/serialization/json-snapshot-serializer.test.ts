import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateRoot, UnfitSnapshot, UnserializableValue, ValueObject } from 'annals';
import type { Decider, DeciderAggregate } from 'annals';
import { createAggregate } from '../../../../src/domain/aggregate-root.ts';
import { aggregateClassOf, restoreState } from '../../../../src/domain/decider.ts';
import { JsonSnapshotSerializer } from '../../../../src/infrastructure/serialization/json-snapshot-serializer.ts';

// What a compiler adds with emitDecoratorMetadata, on which class-transformer relies for maps and sets.
const emitted = (type: unknown): PropertyDecorator => Reflect.metadata('design:type', type);

const serializer = new JsonSnapshotSerializer();

function comeBack<A extends AggregateRoot>(aggregate: A): A {
  const fresh = createAggregate(aggregate.constructor as new () => A, 'a-1');
  serializer.restore(fresh, serializer.serialize(aggregate));
  return fresh;
}

function holding(state: object): Plain {
  return Object.assign(new Plain(), { state });
}

@Aggregate('plain')
class Plain extends AggregateRoot {
  balance = 1;
  private secret = 'a';
  limit: number | undefined = 5;
  lines: unknown[] = [];
  state: object = {};
  grow() {
    this.secret = 'b';
  }
}

class Money extends ValueObject {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {
    super();
  }
}

class Line {
  @Type(() => Money) price = Money.of(1, 'EUR');
  @Type(() => Date) at: Date | undefined = new Date(5);
  note: string | undefined;
}

abstract class Shape {
  abstract area(): number;
}

class Square extends Shape {
  side = 2;
  area() {
    return this.side ** 2;
  }
}

class Circle extends Shape {
  radius = 3;
  area() {
    return Math.PI * this.radius ** 2;
  }
}

@Aggregate('decorated')
class Decorated extends AggregateRoot {
  count = 1;
  @Type(() => Line) lines = [new Line()];
  @Type(() => Line) @emitted(Map) byName = new Map<string, Line>();
  @Type(() => String) @emitted(Set) tags = new Set<string>();
  @Expose({ name: 'renamed' }) named = 'x';
  @Type(() => Shape, {
    discriminator: {
      property: '__shape',
      subTypes: [
        { name: 'square', value: Square },
        { name: 'circle', value: Circle },
      ],
    },
  })
  shape: Shape = new Square();
  maybe: string | undefined = 'set';
}

function decider<State>(initialState: () => State): Decider<object, object, State> {
  return { aggregateType: 'decided', events: [], initialState, decide: () => [], evolve: state => state };
}

function decided<State>(initialState: () => State, state: State): DeciderAggregate<object, object, State> {
  const aggregate = new (aggregateClassOf(decider(initialState)))();
  restoreState(aggregate, state);
  return aggregate;
}

describe('A snapshot of plain fields', () => {
  test('gives every field back, private ones, undefined ones and those added later', () => {
    const aggregate = Object.assign(new Plain(), {
      ...{ balance: -0.5, limit: undefined, lines: [1, 'ü', null, { a: [] }], added: true },
      state: { a: undefined, b: { c: undefined, d: [{ e: undefined }] }, 'odd "name"': 1 },
    });
    aggregate.grow();
    const back = comeBack(aggregate);
    expect(back).toBeInstanceOf(Plain);
    expect(back).toStrictEqual(aggregate);
    expect(Object.keys(back.state)).toEqual(['a', 'b', 'odd "name"']);
  });

  test('shares nothing with the aggregate it was taken of', () => {
    const aggregate = holding({ list: [1] });
    const back = comeBack(aggregate);
    (back.state as { list: number[] }).list.push(2);
    expect(aggregate.state).toEqual({ list: [1] });
  });

  test('gives frozen values and dates back that are in two places', () => {
    const shared = Object.freeze({ name: 'x' });
    expect(comeBack(holding({ a: shared, b: shared })).state).toEqual({ a: { name: 'x' }, b: { name: 'x' } });
  });

  const list = ['x'];
  class Hiding {
    #hidden = 1;
    look() {
      return this.#hidden;
    }
  }
  const cases: readonly [string, () => object, string][] = [
    ['a date', () => ({ at: new Date() }), 'snapshot.state.state.at'],
    ['a map', () => ({ at: new Map() }), 'snapshot.state.state.at'],
    ['a set', () => ({ at: new Set() }), 'snapshot.state.state.at'],
    ['an instance of a class', () => ({ at: [new Money(1, 'EUR')] }), 'snapshot.state.state.at[0]'],
    ['a function', () => ({ at: () => 1 }), 'snapshot.state.state.at'],
    ['NaN', () => ({ at: NaN }), 'snapshot.state.state.at'],
    ['-0', () => ({ at: -0 }), 'snapshot.state.state.at'],
    ['a bigint', () => ({ at: 1n }), 'snapshot.state.state.at'],
    ['undefined in a list', () => ({ at: [undefined] }), 'snapshot.state.state.at[0]'],
    ['a list in two places', () => ({ one: list, two: { list } }), 'state.state.two.list'],
    ['a field under a symbol', () => ({ [Symbol('x')]: 1 }), 'state.state.Symbol(x)'],
    [
      'a computed field',
      () => ({
        get at() {
          return 1;
        },
      }),
      'state.state.at',
    ],
    ['a hidden field', () => Object.defineProperty({}, 'at', { value: 1 }), 'state.state.at'],
    ['a list with fields', () => ({ at: Object.assign([1], { total: 1 }) }), 'state.state.at'],
    ['a dictionary without a prototype', () => ({ at: Object.create(null) as object }), 'state.state.at'],
    ['a reserved name', () => JSON.parse('{"__proto__":1}') as object, 'snapshot.state.state.__proto__'],
  ];
  for (const [what, make, path] of cases) {
    test(`is refused with ${what}, by path`, () => {
      const serialize = (): string => serializer.serialize(holding(make()));
      expect(serialize).toThrow(UnserializableValue);
      expect(serialize).toThrow(
        expect.objectContaining({ code: 'unserializable-value', eventType: 'plain', path }),
      );
    });
  }

  test('is refused with a cycle', () => {
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    expect(() => serializer.serialize(holding(cycle))).toThrow(UnserializableValue);
  });

  test('is refused when a field was removed, which a new instance has', () => {
    const aggregate = new Plain();
    delete (aggregate as Partial<Plain>).limit;
    expect(() => serializer.serialize(aggregate)).toThrow(expect.objectContaining({ path: 'state.limit' }));
  });

  test('is refused of a class that hides fields', () => {
    @Aggregate('hiding')
    class HidingAggregate extends AggregateRoot {
      #balance = 1;
      look() {
        return this.#balance;
      }
    }
    expect(new Hiding().look() + new HidingAggregate().look()).toBe(2);
    expect(() => serializer.serialize(new HidingAggregate())).toThrow(
      expect.objectContaining({ code: 'unserializable-value', path: 'state' }),
    );
  });

  test('does not fit a class that has got a field since', () => {
    const before = serializer.serialize(new Plain());
    @Aggregate('plain')
    class Grown extends Plain {
      interest = 0;
    }
    const restore = (): void => serializer.restore(new Grown(), before);
    expect(restore).toThrow(UnfitSnapshot);
    expect(restore).toThrow(expect.objectContaining({ code: 'unfit-snapshot', aggregateType: 'plain' }));
    expect(restore).toThrow('lacks the field "interest"');
  });
});

describe('A snapshot of decorated fields', () => {
  test('gives dates, maps, sets, values and entities back as what they are', () => {
    const aggregate = new Decorated();
    aggregate.lines[0]!.at = undefined;
    aggregate.byName = new Map([
      ['b', new Line()],
      ['a', new Line()],
    ]);
    aggregate.tags = new Set(['y', 'x']);
    aggregate.named = 'y';
    aggregate.shape = new Circle();
    aggregate.maybe = undefined;
    const back = comeBack(aggregate);
    expect(back).toStrictEqual(aggregate);
    expect([...back.byName.keys()]).toEqual(['b', 'a']);
    expect(back.shape).toBeInstanceOf(Circle);
    expect(Object.isFrozen(back.lines[0]!.price)).toBe(true);
    expect(Object.keys(aggregate.shape)).toEqual(['radius']);
  });

  test('is refused where a declaration does not give back what was there', () => {
    @Aggregate('excluding')
    class Excluding extends AggregateRoot {
      @Exclude() total = 1;
      lines = 1;
    }
    @Aggregate('transforming')
    class Transforming extends AggregateRoot {
      @Transform(({ value }) => `${String(value)}!`) name = 'x';
    }
    const ordered = new Decorated();
    ordered.byName = new Map([
      ['10', new Line()],
      ['2', new Line()],
    ]);
    @Aggregate('unemitted')
    class Unemitted extends AggregateRoot {
      @Type(() => Line) byName = new Map([['a', new Line()]]);
    }
    const odd = Object.assign(new Decorated(), { words: { toString: 1 } });
    for (const [aggregate, path] of [
      [Object.assign(new Excluding(), { total: 2 }), 'state.total'],
      [new Transforming(), 'state.name'],
      [new Unemitted(), 'state.byName'],
      [ordered, 'state.byName.10'],
      [odd, 'state.words'],
      [Object.assign(new Decorated(), { at: new Date() }), 'state.at'],
    ] as const) {
      expect(() => serializer.serialize(aggregate)).toThrow(
        expect.objectContaining({ code: 'unserializable-value', path }),
      );
    }
  });

  test('is refused where an entity hides fields', () => {
    class Hiding {
      #hidden = 1;
      look() {
        return this.#hidden;
      }
    }
    @Aggregate('with-entity')
    class WithEntity extends AggregateRoot {
      @Type(() => Hiding) entity = new Hiding();
    }
    expect(new Hiding().look()).toBe(1);
    expect(() => serializer.serialize(new WithEntity())).toThrow(
      expect.objectContaining({ code: 'unserializable-value', path: 'state.entity' }),
    );
  });
});

describe('A snapshot of a decider', () => {
  test('gives any JSON back', () => {
    for (const state of [0, 'x', null, [1, { a: undefined }], { a: 1, b: undefined }, undefined, true]) {
      const aggregate = decided<unknown>(() => 'before', state);
      expect(comeBack(aggregate).state).toStrictEqual(state);
    }
  });

  test('gives instances of its class back, decorated or not', () => {
    class Tally {
      total = 0;
      next() {
        return this.total + 1;
      }
    }
    const tally = decided(() => new Tally(), Object.assign(new Tally(), { total: 4 }));
    expect(comeBack(tally).state.next()).toBe(5);
    const line = decided(() => new Line(), Object.assign(new Line(), { at: new Date(9), note: 'n' }));
    expect(comeBack(line).state).toStrictEqual(line.state);
  });

  test('is refused where the state is no longer of the class that it began with', () => {
    for (const [initial, state] of [
      [{}, new Line()],
      [new Line(), {}],
      [new Line(), new Money(1, 'EUR')],
      [null, new Date()],
    ]) {
      const aggregate = decided<unknown>(() => initial, state);
      expect(() => serializer.serialize(aggregate)).toThrow(
        expect.objectContaining({ code: 'unserializable-value', eventType: 'decided', path: 'state' }),
      );
    }
  });
});

describe('An aggregate that copies itself', () => {
  test('is asked for its state, and given it', () => {
    @Aggregate('own')
    class Own extends AggregateRoot {
      #balance = 0;
      get balance() {
        return this.#balance;
      }
      earn() {
        this.#balance++;
      }
      protected override toSnapshot() {
        return { balance: this.#balance, nothing: undefined };
      }
      protected override fromSnapshot(state: { balance: number }) {
        this.#balance = state.balance;
      }
    }
    const own = new Own();
    own.earn();
    expect(serializer.serialize(own)).toBe('{"state":{"balance":1,"nothing":null},"unset":[["nothing"]]}');
    expect(comeBack(own).balance).toBe(1);
  });
});
