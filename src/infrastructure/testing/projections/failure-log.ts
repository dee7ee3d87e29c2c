import type { Logger } from '../../../application/index.ts';
import { errorText } from '../../../projections/error-text.ts';

/** Keeps the errors that an app reports, because what it stores of them is only their text. */
export class FailureLog implements Logger {
  readonly #errors: Error[] = [];

  info(): void {
    // Nothing failed.
  }

  warn(): void {
    // Nothing failed that will not be tried again.
  }

  error(_message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    if (facts.error instanceof Error) this.#errors.push(facts.error);
  }

  /** The error of which this is the stored text; undefined if it was not reported. */
  find(text: string): Error | undefined {
    return this.#errors.find(error => errorText(error) === text);
  }
}
