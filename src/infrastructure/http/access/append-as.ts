import type { AppendResult, EventStore, StreamAppend } from '../../../application/index.ts';
import { StreamVersionConflict } from '../../../application/index.ts';
import type { Identity } from './identity.ts';
import { VisibleEvents } from './visible-events.ts';

// Each try loses only to somebody who made one of the streams in between, and then finds it there.
const tries = 3;

/**
 * Appends in somebody's name. Who does not see all events appends to their own streams, and to new ones, which become
 * theirs.
 *
 * @throws {Forbidden} one of the streams is somebody else's
 */
export async function appendAs(
  identity: Identity,
  store: EventStore,
  appends: readonly StreamAppend[],
  idempotencyKey: string | undefined,
): Promise<readonly AppendResult[]> {
  if (identity.seesAll) return store.appendMany(appends, { idempotencyKey });
  for (let left = tries; ; left--) {
    const owned = await requireOwn(new VisibleEvents(store, identity), appends);
    try {
      return await store.appendMany(owned, { idempotencyKey });
    } catch (error) {
      if (left <= 1 || !isOurExpectation(error, appends)) throw error;
    }
  }
}

/* A stream that is not there is expected not to be there when it is written, or it might be another's by then. */
async function requireOwn(
  visible: VisibleEvents,
  appends: readonly StreamAppend[],
): Promise<readonly StreamAppend[]> {
  const made = new Set<string>();
  const owned: StreamAppend[] = [];
  for (const append of appends) {
    const { aggregateType, aggregateId } = append.stream;
    const name = JSON.stringify([aggregateType, aggregateId]);
    const isNew = !made.has(name) && (await visible.requireOwn(append.stream)) === 'none';
    if (isNew) made.add(name);
    owned.push(isNew && append.expectedVersion === 'any' ? { ...append, expectedVersion: 'none' } : append);
  }
  return owned;
}

function isOurExpectation(error: unknown, appends: readonly StreamAppend[]): boolean {
  if (!(error instanceof StreamVersionConflict) || error.expectedVersion !== 'none') return false;
  const { aggregateType, aggregateId } = error.stream;
  const first = appends.find(
    ({ stream }) => stream.aggregateType === aggregateType && stream.aggregateId === aggregateId,
  );
  return first?.expectedVersion === 'any';
}
