import { createHash } from 'node:crypto';
import type { Snapshot } from '../ports/snapshot-store.ts';

/** The checksum over all that decides what comes back: whose state it is, of when, and the state. */
export function checksumOf({
  stream,
  snapshotVersion,
  version,
  eventId,
  state,
}: Omit<Snapshot, 'checksum' | 'takenAt'>): string {
  const place = [stream.aggregateType, stream.aggregateId, snapshotVersion, version, eventId.toLowerCase()];
  return createHash('sha256').update(JSON.stringify(place)).update(state).digest('base64url');
}
