import { AnnalsError } from './annals-error.ts';

/**
 * A command that the domain refuses: nothing was appended, and the caller may read the message.
 *
 * Subclass it for refusals that callers tell apart; the fields of the subclass are its facts.
 */
export class DomainError extends AnnalsError {
  readonly code: string = 'domain-error';
}
