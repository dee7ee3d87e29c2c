import type { FastifyError } from 'fastify';
import { AnnalsError, DomainError } from '../../domain/index.ts';
import { StreamVersionConflict, UniqueKeyTaken, ValidationFailed } from '../../application/index.ts';
import { ConditionFailed, InvalidRequest } from './http-errors.ts';

/** What went wrong, as RFC 9457 has it. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The code of the `AnnalsError`; see docs/reference/errors.md. */
  readonly code: string;
  readonly [fact: string]: unknown;
}

const statusOfCode: Readonly<Record<string, number>> = {
  'invalid-request': 400,
  'invalid-query': 400,
  'invalid-append': 400,
  'invalid-identifier': 400,
  'unserializable-value': 400,
  'validation-failed': 400,
  'invalid-projector-option': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-authorized': 403,
  'not-found': 404,
  'aggregate-not-found': 404,
  'unknown-projection': 404,
  'nothing-parked': 404,
  'unknown-consumer': 404,
  'stream-version-conflict': 409,
  'event-id-conflict': 409,
  'unique-key-taken': 409,
  'aggregate-already-exists': 409,
  'command-id-reused': 409,
  'command-already-stored': 409,
  'rebuild-under-way': 409,
  'no-build': 409,
  'not-caught-up': 409,
  'rebuild-parked': 409,
  'rebuild-ended': 409,
  'reset-refused': 409,
  'reshard-refused': 409,
  'retry-under-way': 409,
  'nothing-to-skip': 409,
  'newer-version-live': 409,
  'not-stored': 409,
  'other-version-serves': 409,
  'build-gone': 409,
  'consumer-differs': 409,
  'lease-lost': 409,
  'not-handed-out': 409,
  'already-processed': 409,
  'not-parked': 409,
  'build-in-use': 409,
  'projection-not-running': 409,
  'condition-failed': 412,
  'untellable-state': 422,
  'upgrade-required': 426,
  'too-many-streams': 429,
  'too-many-requests': 429,
  // Nobody reads it; it only is no failure of ours.
  'client-gone': 499,
  'app-stopped': 503,
  'store-unavailable': 503,
  'keys-unavailable': 503,
  'other-version-inline': 503,
  'command-timed-out': 503,
  'projection-wait-timeout': 504,
};

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'A token is needed',
  403: 'That is not allowed',
  404: 'There is no such thing',
  405: 'There is no such method here',
  408: 'The request took too long',
  409: 'The request does not fit what is stored',
  412: 'The stream is not at the expected version',
  413: 'The request is too large',
  414: 'The address is too long',
  415: 'The content type is not taken',
  422: 'The request was refused',
  426: 'Another protocol is spoken here',
  429: 'Too many requests',
  500: 'Something failed here',
  503: 'It cannot be done now',
  504: 'It took too long',
};

/** What a client is told of an error: all of its own mistakes, nothing of ours. */
export function problemOf(error: unknown): Problem {
  if (error instanceof AnnalsError) return problemOfAnnals(error);
  const { statusCode = 500, message = '', code = '' } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_HANDLER_TIMEOUT') return problem(503, 'timed-out', 'It was not done in time.');
  // Errors of other libraries have a status, too: that of their own server, with a text for whoever called it.
  const isOfRequest = code.startsWith('FST_') && statusCode >= 400 && statusCode < 500;
  return isOfRequest ? problem(statusCode, 'invalid-request', message) : unexpected();
}

/** What is said of an address that cannot be read, before any route is looked for. */
export function badAddress({ statusCode = 400 }: Partial<FastifyError>): Problem {
  return problem(statusCode, 'invalid-request', 'The address is too long, or not encoded as addresses are.');
}

/** What is said where nothing is served. */
export function nothingHere(): Problem {
  return problem(404, 'not-found', 'Nothing is served at this address.');
}

function problemOfAnnals(error: AnnalsError): Problem {
  const status = statusOfCode[error.code] ?? (error instanceof DomainError ? 422 : 500);
  if (status === 500) return unexpected();
  // It may name hosts and ports.
  if (error.code === 'store-unavailable') {
    return problem(503, error.code, 'The store cannot be reached now. Try again; ids make that safe.');
  }
  return { ...problem(status, error.code, error.message), ...factsOf(error) };
}

function factsOf(error: AnnalsError): Readonly<Record<string, unknown>> {
  if (error instanceof InvalidRequest || error instanceof ValidationFailed) return { errors: error.issues };
  if (error instanceof StreamVersionConflict) {
    return { expected_version: error.expectedVersion, actual_version: error.actualVersion };
  }
  if (error instanceof ConditionFailed) return { actual_version: error.actualVersion };
  return error instanceof UniqueKeyTaken ? { key: error.key } : {};
}

function unexpected(): Problem {
  return problem(500, 'internal-error', 'The server could not do that. Its log says why.');
}

function problem(status: number, code: string, detail: string): Problem {
  const title = titles[status] ?? 'The request was refused';
  return { type: `urn:annals:problem:${code}`, title, status, detail, code };
}
