import { invalidRequest } from '../http-errors.ts';
import type { GivenFields } from './message-form.ts';

/** The fields in a body or an address; none in a request without a body. @throws {InvalidRequest} it is no object */
export function givenFields(value: unknown): GivenFields {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  throw invalidRequest('body', 'must be object: the fields of the message');
}
