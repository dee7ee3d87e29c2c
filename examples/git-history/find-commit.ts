import type { App } from 'annals/di';
import { AmbiguousCommit, UnknownCommit } from './errors.ts';
import { RecordedCommit, commitRecordedType } from './recorded-commit.ts';

const hashLengths = [40, 64];
const minDigits = 4;

/**
 * The number of a recorded commit on the first-parent line.
 *
 * @param commit - a hash, or its first digits
 * @throws {UnknownCommit} no recorded commit has it
 * @throws {AmbiguousCommit} several begin with these digits
 */
export async function findCommit(app: App, commit: string): Promise<number> {
  const hash = commit.toLowerCase();
  if (!/^[0-9a-f]+$/.test(hash) || hash.length < minDigits) throw new UnknownCommit(commit);
  const full = hashLengths.includes(hash.length) ? hash : await completeHash(app, hash);
  const recorded = await app.replay.findAggregate(RecordedCommit, full);
  if (recorded === undefined) throw new UnknownCommit(commit);
  return recorded.number;
}

async function completeHash(app: App, digits: string): Promise<string> {
  const found: string[] = [];
  for await (const { aggregateId } of app.events.readFeed({
    types: [commitRecordedType],
    batchSize: 5_000,
  })) {
    if (aggregateId.startsWith(digits)) found.push(aggregateId);
  }
  if (found.length > 1) throw new AmbiguousCommit(digits, found);
  const [hash] = found;
  if (hash === undefined) throw new UnknownCommit(digits);
  return hash;
}
