import { AnnalsError } from '../../domain/index.ts';
import type { StreamVersionConflict } from '../../application/index.ts';

/** A request came without a token that can be trusted. */
export class Unauthenticated extends AnnalsError {
  readonly code = 'unauthenticated';
}

/** A request came from somebody who may not do that. */
export class Forbidden extends AnnalsError {
  readonly code = 'forbidden';
}

/** What a request asks for does not exist, or belongs to somebody else. */
export class NotFound extends AnnalsError {
  readonly code = 'not-found';
}

/** A request for a WebSocket came without asking to become one. */
export class UpgradeRequired extends AnnalsError {
  readonly code = 'upgrade-required';
}

/** Tokens cannot be checked now: whoever has the keys for them does not answer as they should. */
export class KeysUnavailable extends AnnalsError {
  readonly code = 'keys-unavailable';
}

/** An address asks more often than one may. */
export class TooManyRequests extends AnnalsError {
  readonly code = 'too-many-requests';
}

/** There are as many live streams as there may be. */
export class TooManyStreams extends AnnalsError {
  readonly code = 'too-many-streams';
}

/** A request was to be done only if a stream is at some version, and it is not; nothing was done. */
export class ConditionFailed extends AnnalsError {
  readonly code = 'condition-failed';
  readonly actualVersion: number;

  constructor(conflict: StreamVersionConflict) {
    super(conflict.message, { cause: conflict });
    this.actualVersion = conflict.actualVersion;
  }
}

/** One thing that is wrong with a request. */
export interface RequestIssue {
  /** Where, e.g. `body/events/3/event_type` or `query/limit`. */
  readonly path: string;
  readonly message: string;
}

/** A request does not have the form that its route asks for; nothing was done. */
export class InvalidRequest extends AnnalsError {
  readonly code = 'invalid-request';
  readonly issues: readonly RequestIssue[];

  constructor(issues: readonly RequestIssue[]) {
    super(issues.map(({ path, message }) => `${path} ${message}`).join('; ') + '.');
    this.issues = issues;
  }
}

/** Refuses a request for one reason. */
export function invalidRequest(path: string, message: string): InvalidRequest {
  return new InvalidRequest([{ path, message }]);
}
