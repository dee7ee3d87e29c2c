import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { sampleOf } from '../../../../src/infrastructure/http/messages/sample-of.ts';

const ajv = new Ajv2020({ strict: false, validateFormats: false });

const told: Readonly<Record<string, z.ZodType>> = {
  texts: z.object({ a: z.string(), b: z.string().min(20), c: z.string().max(2), d: z.email(), e: z.uuid() }),
  times: z.object({ at: z.iso.datetime(), on: z.iso.date() }),
  numbers: z.object({
    a: z.int(),
    b: z.number().gt(7),
    c: z.number().min(2.5).max(10),
    d: z.int().negative(),
  }),
  choices: z.object({ a: z.enum(['x', 'y']), b: z.literal(3), c: z.boolean(), d: z.null() }),
  unions: z.object({ a: z.email().nullable(), b: z.union([z.number(), z.string()]) }),
  lists: z.object({
    a: z.array(z.string()),
    b: z.array(z.object({ c: z.int() })).min(2),
    d: z.array(z.any()).max(0),
  }),
  optionals: z.object({ a: z.string().optional(), b: z.string().default('usual'), c: z.unknown() }),
  own: z.object({
    sku: z
      .string()
      .regex(/^S-\d+$/)
      .meta({ examples: ['S-1'] }),
  }),
};

function jsonSchemaOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(schema, { io: 'input' });
}

describe('A sample of a JSON Schema', () => {
  test.each(Object.entries(told))('of %s satisfies it', (_name, schema) => {
    const json = jsonSchemaOf(schema);
    const sample = sampleOf(json);
    expect([sample, ajv.validate(json, sample)]).toEqual([sample, true]);
  });

  test('has what must be given, and what the schema has an example or a default of', () => {
    expect(sampleOf(jsonSchemaOf(told.optionals!))).toEqual({ b: 'usual', c: 'any JSON' });
    expect(sampleOf(jsonSchemaOf(told.own!))).toEqual({ sku: 'S-1' });
    expect(sampleOf({ examples: [{ whole: true }], type: 'object' })).toEqual({ whole: true });
  });

  test('is not made up where a rule is beyond it', () => {
    const recursive: z.ZodType = z.object({ next: z.lazy(() => recursive).nullable() });
    for (const schema of [z.object({ sku: z.string().regex(/^S-\d+$/) }), recursive]) {
      expect(sampleOf(jsonSchemaOf(schema))).toBeUndefined();
    }
    for (const rule of [{ not: {} }, { if: {} }, { multipleOf: 7 }, { uniqueItems: true }]) {
      expect(sampleOf({ type: 'number', ...rule })).toBeUndefined();
    }
    expect(sampleOf({ type: 'object', required: ['a'], anyOf: [{ type: 'object' }] })).toBeUndefined();
  });
});
