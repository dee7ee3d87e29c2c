import { Forbidden } from '../http-errors.ts';
import type { Identity } from './identity.ts';

/** Refuses whoever sees only their own events: a consumer is handed those of all users. @throws {Forbidden} */
export function requireSeesAll(identity: Identity): void {
  if (identity.seesAll) return;
  throw new Forbidden(
    'A consumer gets the events of all users. This needs a role that sees them all: see seesAllFrom.',
  );
}
