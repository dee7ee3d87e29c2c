/**
 * The root of every error that Annals throws: branch on the class or on `code`, never on the text.
 *
 * Messages say what happened, with values, then what to do.
 *
 * @see docs/reference/errors.md
 */
export abstract class AnnalsError extends Error {
  /** Stable, kebab-case, listed in docs/reference/errors.md. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
