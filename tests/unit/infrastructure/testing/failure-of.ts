import { stripVTControlCharacters } from 'node:util';
import { expect } from '@jest/globals';
import { ScenarioFailed } from 'annals/testing';

/** What a scenario that must fail says, without colours. */
export async function failureOf(scenario: PromiseLike<void>): Promise<string> {
  const error: unknown = await Promise.resolve(scenario).then(
    () => new Error('It passed.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ScenarioFailed)) throw error;
  expect(error).toBeInstanceOf(ScenarioFailed);
  return stripVTControlCharacters(error.message);
}
