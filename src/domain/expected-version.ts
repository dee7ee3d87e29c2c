/**
 * What a writer believes of a stream before its append:
 *
 * - a number: the stream is at exactly that version (0: it does not exist)
 * - `'none'`: it does not exist, the same as 0
 * - `'exists'`: it has at least one event
 * - `'any'`: nothing; the append always fits
 */
export type ExpectedVersion = number | 'none' | 'exists' | 'any';

/** Whether a stream at version `actual` is what the writer expected. */
export function versionFits(expected: ExpectedVersion, actual: number): boolean {
  if (expected === 'any') return true;
  if (expected === 'exists') return actual > 0;
  return actual === (expected === 'none' ? 0 : expected);
}
