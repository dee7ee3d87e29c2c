import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Json } from './serve.ts';

/** An operation of an OpenAPI document, under its method and path. */
export interface DocumentedOperation {
  /** `post /api/v1/events` */
  readonly name: string;
  readonly parameters: readonly DocumentedParameter[];
  readonly body: DocumentedMedia | undefined;
  readonly answers: readonly { readonly status: string; readonly media: DocumentedMedia | undefined }[];
}

export interface DocumentedParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly examples: readonly unknown[];
  /** Whether Swagger UI begins with the example in the field. */
  readonly isFilledIn: boolean;
  readonly schema: Json;
}

/** What a body or an answer consists of, and its examples. */
export interface DocumentedMedia {
  readonly schema: Json;
  readonly examples: readonly unknown[];
}

/** All operations of a document; of their answers, those that are no problem. */
export function operationsOf(document: Json): DocumentedOperation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      name: `${method} ${path}`,
      parameters: (operation.parameters ?? []).map((parameter: Json) => ({
        ...parameter,
        isFilledIn: examplesOf(parameter).length > 0,
        examples: [...examplesOf(parameter), ...(parameter.schema.examples ?? [])],
      })),
      body: mediaOf(operation.requestBody),
      answers: Object.entries<Json>(operation.responses)
        .filter(([status]) => status !== 'default')
        .map(([status, answer]) => ({ status, media: mediaOf(answer) })),
    })),
  );
}

function mediaOf(part: Json): DocumentedMedia | undefined {
  if (part?.content === undefined) return undefined;
  const [media] = Object.values<Json>(part.content);
  return { schema: media.schema, examples: examplesOf(media) };
}

function examplesOf({ example, examples = {} }: Json): unknown[] {
  const named = Object.values<Json>(examples).map(({ value }) => value);
  return example === undefined ? named : [example, ...named];
}

/** What is wrong with a value by a schema of a document, as texts; none of its fields may be unknown. */
export function documentChecker(document: Json): (schema: Json, value: unknown) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const schemas = Object.entries<Json>(document.components.schemas);
  const components = {
    schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, withClosedParts(schema)])),
    closed: Object.fromEntries(schemas.map(([name, schema]) => [name, closed(schema)])),
  };
  const compiled = new Map<Json, ValidateFunction>();
  return (schema, value) => {
    const validate = compiled.get(schema) ?? ajv.compile({ ...closed(schema), components });
    compiled.set(schema, validate);
    if (validate(value)) return [];
    return validate.errors!.map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
}

/* Whatever has fields may have no others. What others are made of (`allOf`) stays open. */
function closed(schema: Json): Json {
  if (schema.$ref !== undefined) return { $ref: schema.$ref.replace('/schemas/', '/closed/') };
  const hasFields = schema.properties !== undefined || schema.allOf !== undefined;
  const isOpen = schema.additionalProperties !== undefined || !hasFields;
  return { ...withClosedParts(schema), ...(isOpen ? {} : { unevaluatedProperties: false }) };
}

function withClosedParts(schema: Json): Json {
  if (schema.$ref !== undefined) return schema;
  const parts: Json = {};
  if (schema.properties !== undefined) {
    const fields = Object.entries<Json>(schema.properties).map(([name, field]) => [name, closed(field)]);
    parts.properties = Object.fromEntries(fields);
  }
  for (const key of ['items', 'additionalProperties']) {
    if (typeof schema[key] === 'object') parts[key] = closed(schema[key]);
  }
  if (schema.anyOf !== undefined) parts.anyOf = schema.anyOf.map(closed);
  if (schema.allOf !== undefined) parts.allOf = schema.allOf.map(withClosedParts);
  return { ...schema, ...parts };
}
