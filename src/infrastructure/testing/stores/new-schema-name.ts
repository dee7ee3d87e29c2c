import { randomBytes } from 'node:crypto';

/** A schema name that nobody else uses, recognizable for whoever clears up after a run that was killed. */
export function newSchemaName(): string {
  return `annals_test_${randomBytes(8).toString('hex')}`;
}
