import type { ErrorObject, ValidateFunction } from 'ajv';
import type { FastifyRouteSchemaDef } from 'fastify/types/schema.js';
import { InvalidRequest } from './http-errors.ts';
import { loadPackage } from './load-package.ts';

/** Checks one part of a request. */
export type Validate = (value: unknown) => { readonly error?: InvalidRequest };

/** Makes checks from JSON Schemas; unlike Fastify's own, they drop nothing and turn no body into what it is not. */
export interface Validators {
  readonly forBody: (schema: object) => Validate;
  /** For any part of a request, as Fastify asks for it. */
  readonly compile: (definition: FastifyRouteSchemaDef<unknown>) => Validate;
}

/** Loads ajv and gets it ready. @throws {MissingPackage} it is not installed */
export async function createValidators(): Promise<Validators> {
  const { Ajv } = await loadPackage('ajv', () => import('ajv'));
  const shared = { allErrors: false, strict: true, allowUnionTypes: true } as const;
  const forBodies = new Ajv(shared);
  // An address holds texts only: there "10" is a number.
  const forTexts = new Ajv({ ...shared, coerceTypes: true, useDefaults: true });
  const forBody = (schema: object): Validate => toValidate(forBodies.compile(schema), 'body');
  return {
    forBody,
    compile: ({ schema, httpPart = 'body' }) =>
      httpPart === 'body'
        ? forBody(schema as object)
        : toValidate(forTexts.compile(schema as object), nameOf(httpPart)),
  };
}

function nameOf(httpPart: string): string {
  if (httpPart === 'querystring') return 'query';
  return httpPart === 'headers' ? 'header' : httpPart;
}

function toValidate(validate: ValidateFunction, part: string): Validate {
  return value => {
    if (validate(value)) return {};
    const issues = (validate.errors ?? []).map(error => toIssue(error, part));
    return { error: new InvalidRequest(issues) };
  };
}

function toIssue(error: ErrorObject, part: string): { path: string; message: string } {
  const { instancePath, message = 'is not valid', keyword, params } = error;
  const unknown =
    keyword === 'additionalProperties' ? `: ${String(params.additionalProperty).slice(0, 60)}` : '';
  const allowed = keyword === 'enum' ? `: ${(params.allowedValues as unknown[]).join(', ')}` : '';
  return { path: `${part}${instancePath}`.slice(0, 200), message: `${message}${unknown}${allowed}` };
}
