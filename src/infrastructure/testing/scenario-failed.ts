import { AnnalsError } from '../../domain/index.ts';

/** A scenario did not end as it was told. The message says how, for the person who reads it first. */
export class ScenarioFailed extends AnnalsError {
  readonly code = 'scenario-failed';
}

const pointed = new WeakSet<ScenarioFailed>();

/**
 * Makes a failure show the line that was written, which the reader wants to see, not the one that found it out. The
 * first call counts.
 */
export function pointTo(failure: ScenarioFailed, frames: readonly string[]): ScenarioFailed {
  if (pointed.has(failure) || frames.length === 0) return failure;
  pointed.add(failure);
  failure.stack = [`${failure.name}: ${failure.message}`, ...frames].join('\n');
  return failure;
}

/** A scenario was written but nobody awaited it, so that it checked nothing. */
export class ScenarioNotAwaited extends AnnalsError {
  readonly code = 'scenario-not-awaited';

  constructor(subject: string, line: string, hasEnd: boolean) {
    const where = `A scenario for ${subject} was never awaited, so it checked nothing: ${line}.`;
    super(
      hasEnd
        ? `${where} Put "await" before it, or return it from the test.`
        : `${where} Go on with thenEvents, thenFails, thenNothing, thenState, thenReturns or thenDocuments, and await or return that.`,
    );
    // A runner shows the code of the first line: the one that was written, not the one that found it out.
    this.stack = `${this.name}: ${this.message}\n    ${line}`;
  }
}
