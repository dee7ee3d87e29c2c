import { describe, expect, test } from '@jest/globals';
import { runInThisContext } from 'node:vm';
import type { Class } from 'annals';
import { hasHiddenFields } from '../../../../src/infrastructure/serialization/hidden-fields.ts';

/* A class as a compiler has left it. */
function classFrom(source: string): Class {
  return runInThisContext(`(${source}\n)`) as Class;
}

describe('Fields that hide', () => {
  const hiding = [
    'class { #a; }',
    'class{#a}',
    'class{#a=1;b(){}}',
    'class { b = 1; #a = 0 }',
    'class { b = "}"; #größe = 0; }',
    'class { /* static */ #a = 0; }',
    'class extends (class { #a = 1; }) {}',
    'class { constructor() { __classPrivateFieldSet(this, _a, 1, "f"); } }',
    'class { constructor() { _class_private_field_init(this, _a, { writable: true, value: 0 }); } }',
  ];
  for (const source of hiding) {
    test(`are found in ${source}`, () => expect(hasHiddenFields(classFrom(source))).toBe(true));
  }

  const open = [
    'class { a = 1; }',
    'class { #a() {} }',
    'class { get #a() { return 1; } b() { return this.#a; } }',
    'class { static #a = 1; }',
    'class { a = "#b = 1;"; }',
    'class { a = `#b;`; } // #c;',
    'class { /* #a = 1; */ b = 1; }',
    'class { static #a = 1; b() { #a in this; return this.constructor.#a == 2; } }',
    'Date',
    'Map',
  ];
  for (const source of open) {
    test(`are not found in ${source}`, () => expect(hasHiddenFields(classFrom(source))).toBe(false));
  }
});
