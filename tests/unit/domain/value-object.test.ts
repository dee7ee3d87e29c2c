import { describe, expect, test } from '@jest/globals';
import { Entity, ValueObject } from 'annals';

class Money extends ValueObject {
  constructor(
    readonly amount: number,
    readonly currency: string,
    readonly tags: readonly string[] = [],
    readonly at?: Date,
  ) {
    super();
  }
}

class Price extends ValueObject {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {
    super();
  }
}

class Line extends Entity {}
class Note extends Entity {}

describe('ValueObject', () => {
  test('is equal when all fields are, at any depth', () => {
    const at = new Date('2026-01-01');
    expect(Money.of(1, 'EUR', ['a'], at).equals(Money.of(1, 'EUR', ['a'], new Date(at)))).toBe(true);
    expect(Money.of(1, 'EUR', ['a']).equals(Money.of(1, 'EUR', ['b']))).toBe(false);
    expect(Money.of(1, 'EUR').equals(Money.of(2, 'EUR'))).toBe(false);
  });

  test('differs from another class with the same fields', () => {
    expect(Money.of(1, 'EUR').equals(Price.of(1, 'EUR'))).toBe(false);
    expect(Money.of(1, 'EUR').equals(undefined)).toBe(false);
  });

  test('is frozen when made with of', () => {
    const money = Money.of(1, 'EUR') as { amount: number };
    expect(() => (money.amount = 2)).toThrow(TypeError);
  });
});

describe('Entity', () => {
  test('is equal by class and id', () => {
    expect(new Line('1').equals(new Line('1'))).toBe(true);
    expect(new Line('1').equals(new Line('2'))).toBe(false);
    expect(new Line('1').equals(new Note('1'))).toBe(false);
  });
});
