import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { Event, EventNotNamed, ValueObject } from '../../../../src/domain/index.ts';
import { StoredEvent } from '../../../../src/application/events/stored-event.ts';
import { toJsonText } from '../../../../src/application/events/json-text.ts';
import { UnserializableValue } from '../../../../src/application/ports/event-store-errors.ts';
import { JsonEventSerializer } from '../../../../src/infrastructure/serialization/json-event-serializer.ts';
import type { Class, Recorded } from '../../../../src/domain/index.ts';
import { checkRefused, plain } from '../../../../src/infrastructure/testing/contract/expectations.ts';

class Money extends ValueObject {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {
    super();
  }
}

class Line {
  @Type(() => Money) readonly price: Money;
  @Type(() => Date) readonly due: Date;

  constructor(price: Money, due: Date) {
    this.price = price;
    this.due = due;
  }
}

@Event('order.noted', { version: 3, aliases: ['order.remarked', 'old.note'] })
class Noted {
  constructor(
    readonly text: string,
    readonly tags: readonly string[] = [],
    readonly place?: { readonly city: string },
  ) {}

  get shout(): string {
    return this.text.toUpperCase();
  }
}

@Event('order.placed')
class Placed {
  @Type(() => Date) readonly at: Date;
  @Type(() => Money) readonly total: Money;
  @Type(() => Line) readonly lines: readonly Line[];
  readonly note: string | null = null;

  constructor(at: Date, total: Money, lines: readonly Line[] = []) {
    this.at = at;
    this.total = total;
    this.lines = lines;
  }
}

/* TypeScript emits `design:type` when told to; class-transformer needs it for sets and maps. */
const emitted = (type: unknown): PropertyDecorator => Reflect.metadata('design:type', type);

@Event('order.priced')
class Priced {
  @Type(() => Money) @emitted(Set) readonly seen: ReadonlySet<Money>;
  @Type(() => Money) @emitted(Map) readonly prices: ReadonlyMap<string, Money>;
  @Type(() => Date) @emitted(Map) readonly days: ReadonlyMap<string, Date>;

  constructor(seen: Iterable<Money>, prices: Iterable<[string, Money]>, days: Iterable<[string, Date]>) {
    this.seen = new Set(seen);
    this.prices = new Map(prices);
    this.days = new Map(days);
  }
}

function recorded(type: string, payloadJson: string): Recorded {
  return new StoredEvent({
    ...{ eventId: '00000000-0000-7000-8000-000000000001', type, schemaVersion: 1, version: 1, position: 1 },
    ...{ aggregateType: 'order', aggregateId: 'o-1', recordedAtMs: 0, payloadJson, metadataJson: null },
    ...{ correlationId: null, causationId: null, userId: null, actor: null },
  });
}

/* Out and in again, by way of the text that is stored. */
function roundTrip(event: object): { json: string; back: object } {
  const serializer = new JsonEventSerializer([event.constructor as Class]);
  const { type, payload } = serializer.serialize(event);
  const json = toJsonText(payload, type, 'payload');
  return { json, back: serializer.deserialize(recorded(type, json)).payload };
}

async function checkNotStorable(event: object, eventType: string, path: string): Promise<void> {
  const facts = { code: 'unserializable-value', eventType, path };
  await checkRefused(() => roundTrip(event), UnserializableValue, facts);
}

describe('An event class without decorators of class-transformer', () => {
  test('comes back as an instance with its fields, without its constructor being called', () => {
    const event = new Noted('hello', ['a', 'b'], { city: 'Rome' });
    const { json, back } = roundTrip(event);
    expect(json).toBe('{"text":"hello","tags":["a","b"],"place":{"city":"Rome"}}');
    expect(back).toEqual(event);
    expect(back).toBeInstanceOf(Noted);
    expect((back as Noted).shout).toBe('HELLO');
  });

  test('is named by its type and schema version', () => {
    const event = new Noted('hello');
    expect(new JsonEventSerializer([]).serialize(event)).toEqual({
      ...{ type: 'order.noted', schemaVersion: 3, payload: event },
    });
  });

  const undeclared: Record<string, unknown> = {
    'a date': new Date(0),
    'a map': new Map([['a', 1]]),
    'a set': new Set([1]),
    'a class instance': new Money(5, 'EUR'),
  };
  for (const [shown, value] of Object.entries(undeclared)) {
    test(`is refused with ${shown}, which would not come back as one`, async () => {
      const event = Object.assign(new Noted('hello'), { extra: { list: [value] } });
      await checkNotStorable(event, 'order.noted', 'payload.extra.list[0]');
    });
  }
});

describe('An event class with decorators of class-transformer', () => {
  const [euro, dollar] = [new Money(5, 'EUR'), new Money(7, 'USD')];
  const at = new Date('2026-01-31T12:34:56.789Z');

  test('gives back dates, value objects and arrays of nested classes', () => {
    const event = new Placed(at, euro, [new Line(euro, at), new Line(dollar, new Date(0))]);
    const { json, back } = roundTrip(event);

    expect(JSON.parse(json)).toEqual({
      ...{ note: null, at: '2026-01-31T12:34:56.789Z', total: { amount: 5, currency: 'EUR' } },
      lines: [
        { price: { amount: 5, currency: 'EUR' }, due: '2026-01-31T12:34:56.789Z' },
        { price: { amount: 7, currency: 'USD' }, due: '1970-01-01T00:00:00.000Z' },
      ],
    });
    expect(back).toEqual(event);
    const { total, lines } = back as Placed;
    expect([back, total, ...lines].map(({ constructor }) => constructor)).toEqual([
      Placed,
      Money,
      Line,
      Line,
    ]);
    expect((back as Placed).at).toEqual(at);
    expect(lines[1]!.price.equals(dollar)).toBe(true);
  });

  test('gives back sets and maps', () => {
    const event = new Priced([euro, dollar], [['one', euro], ['__other', dollar]], [['due', at]]); // prettier-ignore
    const { json, back } = roundTrip(event);

    expect(JSON.parse(json)).toEqual({
      seen: [{ amount: 5, currency: 'EUR' }, { amount: 7, currency: 'USD' }], // prettier-ignore
      prices: { one: { amount: 5, currency: 'EUR' }, __other: { amount: 7, currency: 'USD' } },
      days: { due: '2026-01-31T12:34:56.789Z' },
    });
    const { seen, prices, days } = back as Priced;
    expect([...seen]).toEqual([euro, dollar]);
    expect([...prices]).toEqual([['one', euro], ['__other', dollar]]); // prettier-ignore
    expect([...days]).toEqual([['due', at]]);
    expect([...seen, ...prices.values()].every(money => money instanceof Money)).toBe(true);
  });

  test('gives back empty sets, maps and arrays', () => {
    const { back } = roundTrip(new Priced([], [], []));
    const { seen, prices, days } = back as Priced;
    expect([seen, prices, days].map(({ size }) => size)).toEqual([0, 0, 0]);
    expect((roundTrip(new Placed(at, euro)).back as Placed).lines).toEqual([]);
  });

  test('gives back value objects frozen, at any depth', () => {
    const { total, lines } = roundTrip(new Placed(at, euro, [new Line(dollar, at)])).back as Placed;
    const { seen, prices } = roundTrip(new Priced([euro], [['one', dollar]], [])).back as Priced;
    for (const money of [total, lines[0]!.price, ...seen, ...prices.values()]) {
      expect(Object.isFrozen(money)).toBe(true);
    }
  });

  test('follows Expose, Exclude and Transform', () => {
    @Event('order.renamed')
    class Renamed {
      @Expose({ name: 'n' }) name = 'Ada';
      @Exclude() cached = 'not stored';
      @Transform(({ value }) => Number(value), { toClassOnly: true })
      @Transform(({ value }) => String(value), { toPlainOnly: true })
      size = 12;
    }
    const { json, back } = roundTrip(new Renamed());
    expect(JSON.parse(json)).toEqual({ n: 'Ada', size: '12' });
    expect(back).toEqual(new Renamed());
  });

  const undeclared: Record<string, unknown> = {
    'a date': at,
    'a map': new Map([['a', 1]]),
    'a set': new Set([1]),
    'a class instance': euro,
    'a function': () => 1,
  };
  for (const [shown, value] of Object.entries(undeclared)) {
    test(`is refused with ${shown} in a field that is not declared`, async () => {
      const event = new Placed(at, euro);
      await checkNotStorable(Object.assign(event, { note: value }), 'order.placed', 'payload.note');
      await checkNotStorable(
        Object.assign(event, { note: [{ deep: value }] }),
        'order.placed',
        'payload.note[0].deep',
      );
    });
  }

  test('is refused with an undeclared field inside a declared one', async () => {
    const line = Object.assign(new Line(euro, at), { paid: new Date(0) });
    await checkNotStorable(new Placed(at, euro, [line]), 'order.placed', 'payload.lines[0].paid');
  });

  test('is refused with an invalid date, a cycle, or a key that is reserved or no text', async () => {
    await checkNotStorable(new Placed(new Date(NaN), euro), 'order.placed', 'payload.at');
    const cyclic = new Placed(at, euro);
    await checkNotStorable(
      Object.assign(cyclic, { note: { self: cyclic } }),
      'order.placed',
      'payload.note.self',
    );
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      await checkNotStorable(new Priced([], [[key, euro]], []), 'order.priced', `payload.prices["${key}"]`);
    }
    const numbered = new Priced([], [[1 as unknown as string, euro]], []);
    await checkNotStorable(numbered, 'order.priced', 'payload.prices');
  });

  test('is refused with a number that JSON would change', async () => {
    await checkNotStorable(new Placed(at, new Money(NaN, 'EUR')), 'order.placed', 'payload.total.amount');
  });
});

describe('The names of an event class', () => {
  const serializer = new JsonEventSerializer([Noted, Placed]);

  test('lead to the class, aliases too', () => {
    const names = ['order.noted', 'order.remarked', 'old.note', 'order.placed', 'order.unknown', 'toString'];
    expect(names.map(name => serializer.classFor(name))).toEqual([
      ...[Noted, Noted, Noted, Placed, undefined, undefined],
    ]);
  });

  test('read events that were stored under an alias', () => {
    const event = serializer.deserialize(recorded('old.note', '{"text":"long ago"}'));
    expect(event.payload).toBeInstanceOf(Noted);
    expect((event.payload as Noted).shout).toBe('LONG AGO');
    expect(event.type).toBe('old.note');
  });

  test('leave the payload of an unknown type plain', () => {
    const event = serializer.deserialize(recorded('order.unknown', '{"text":"?"}'));
    expect(event.payload).toEqual({ text: '?' });
    expect(Object.getPrototypeOf(event.payload)).toBe(Object.prototype);
  });

  test('are needed to store an event', async () => {
    class Nameless {}
    class Inherits extends Noted {}
    for (const nameless of [new Nameless(), new Inherits('x')]) {
      await checkRefused(() => serializer.serialize(nameless), EventNotNamed, {
        ...{ code: 'event-not-named', className: nameless.constructor.name },
      });
    }
  });
});

describe('A deserialized event', () => {
  test('has every field of the stored one', () => {
    const stored = recorded('order.noted', '{"text":"hello","tags":[]}');
    const event = new JsonEventSerializer([Noted]).deserialize(stored);
    expect(plain(event)).toEqual({ ...plain(stored), payload: new Noted('hello') });
  });

  test('reads its payload when first asked, and then gives the same object', () => {
    const broken = new JsonEventSerializer([Noted]).deserialize(recorded('order.noted', '{'));
    expect(broken.version).toBe(1);
    expect(() => broken.payload).toThrow(SyntaxError);
    const event = new JsonEventSerializer([Noted]).deserialize(recorded('order.noted', '{"text":"x"}'));
    expect(event.payload).toBe(event.payload);
  });
});

describe('A stored payload with reserved names', () => {
  // No append lets them in, but a table can be edited, and a log can be imported.
  const reserved = '"__proto__":{"isAdmin":true},"constructor":{"name":"Evil"},"prototype":{}';
  const serializer = new JsonEventSerializer([Noted, Placed, Priced]);
  const read = (type: string, json: string): object => serializer.deserialize(recorded(type, json)).payload;

  for (const names of [reserved, '"__proto__":{"isAdmin":true}', '"constructor":{"name":"Evil"}']) {
    test(`changes neither prototype nor class of a plain event class: ${names}`, () => {
      const json = `{"text":"hello",${names},"place":{"city":"Rome",${names}}}`;
      const event = read('order.noted', json) as Noted;
      expect(Object.getPrototypeOf(event)).toBe(Noted.prototype);
      expect(event.constructor).toBe(Noted);
      expect('isAdmin' in event).toBe(false);
      expect(event.text).toBe('hello');
      expect(event.place?.city).toBe('Rome');
      expect(Object.getPrototypeOf(event.place)).toBe(Object.prototype);
      expect('isAdmin' in event.place!).toBe(false);
    });
  }

  test('changes neither prototype nor class of one that class-transformer reads', () => {
    const money = `{"amount":5,"currency":"EUR",${reserved}}`;
    const placed = read(
      'order.placed',
      `{"at":"2026-01-01","total":${money},"lines":[],${reserved}}`,
    ) as Placed;
    const priced = read(
      'order.priced',
      `{"seen":[${money}],"prices":{"one":${money},${reserved}},"days":{}}`,
    );
    const { seen, prices } = priced as Priced;
    expect([placed.constructor, placed.total.constructor]).toEqual([Placed, Money]);
    for (const object of [placed, placed.total, ...seen, ...prices.values()]) {
      expect('isAdmin' in object).toBe(false);
    }
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
  });
});
