import { readFileSync } from 'node:fs';
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

/** The line of code that a runner shows for a scenario that must fail. */
export async function lineOfFailure(scenario: PromiseLike<void>): Promise<string | undefined> {
  const error: unknown = await Promise.resolve(scenario).catch((reason: unknown) => reason);
  const { stack = '' } = error as Error;
  const [, file, line] = /at .*?(?:file:\/\/)?(\/[^:\s]+):(\d+):\d+/.exec(stack) ?? [];
  return file === undefined ? undefined : readFileSync(file, 'utf8').split('\n')[Number(line) - 1]?.trim();
}
