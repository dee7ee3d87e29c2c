import type { AggregateSource, Recorded, StreamId } from '../../../domain/index.ts';
import { differences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { showEvent } from '../compare/name-of-event.ts';
import { listOf } from '../compare/show.ts';
import type { World } from '../scenario/world.ts';
import type { Breach, Law } from './law.ts';
import { foldOf } from './state-folds.ts';

const law = 'snapshot-equals-replay';
// A snapshot at each of so many events, spread evenly over a longer history.
const mostSnapshots = 30;

/**
 * A copy of the state after any event, and the events behind it, give what all events give.
 *
 * The copy of an aggregate that has snapshots is a real one, by the serializer of the app; that of others is what a
 * snapshot would be.
 */
export const snapshotEqualsReplay: Law = {
  name: law,
  async check(world, act) {
    for (const { source, stream } of act.changed) {
      const breach = await checkStream(world, source, stream);
      if (breach !== undefined) return breach;
    }
    return undefined;
  },
};

async function checkStream(
  world: World,
  source: AggregateSource,
  stream: StreamId,
): Promise<Breach | undefined> {
  const events: Recorded<object>[] = [];
  for await (const event of world.app.replay.replayEvents(source, stream.aggregateId)) events.push(event);
  const fold = foldOf(source, stream.aggregateId);
  const whole = fold.view(fold.apply(fold.start(), events));
  const step = Math.max(1, Math.ceil(events.length / mostSnapshots));
  const end = fold.hasSnapshots ? events.length + 1 : events.length;
  for (let at = 1; at < end; at += step) {
    const state = fold.apply(fold.start(), events.slice(0, at));
    const copied = tryTo(() => fold.copy(state));
    if ('error' in copied) return refusedBreach(stream, at, copied.error);
    const copy = copied.result;
    const lost = differences(fold.view(state), fold.view(copy));
    if (lost.length > 0 && fold.hasSnapshots) return lossBreach(stream, at, lost);
    // State that cannot be seen or copied (#private fields) is not judged here.
    if (lost.length > 0) return undefined;
    const changed = differences(whole, fold.view(fold.apply(copy, events.slice(at))));
    if (changed.length > 0) return breachOf(stream, events, at, changed);
  }
  return undefined;
}

function tryTo<T>(work: () => T): { readonly result: T } | { readonly error: unknown } {
  try {
    return { result: work() };
  } catch (error) {
    return { error };
  }
}

function refusedBreach({ aggregateType }: StreamId, at: number, error: unknown): Breach {
  return {
    law,
    claim: `the state of ${aggregateType} after event ${at} cannot be kept as a snapshot.`,
    details: [`    ${error instanceof Error ? error.message : String(error)}`],
    why:
      'The aggregate asks for snapshots, and none would ever be taken: every load would fold all events. ' +
      'Keep state that JSON can carry, declare its fields with @Type of class-transformer, or take the snapshots away.',
  };
}

function lossBreach({ aggregateType }: StreamId, at: number, lost: ReturnType<typeof differences>): Breach {
  return {
    law,
    claim: `${aggregateType} comes back from its snapshot after event ${at} with another ${listOf(lost.map(({ path }) => path))}.`,
    details: listDifferences(lost, ['folded', 'restored']),
    why:
      'A load that begins at a snapshot would give another state than the events, and the aggregate would decide ' +
      'otherwise. Let toSnapshot() give all of the state and fromSnapshot() take all of it.',
  };
}

function breachOf(
  { aggregateType }: StreamId,
  events: readonly Recorded<object>[],
  at: number,
  changed: ReturnType<typeof differences>,
): Breach {
  return {
    law,
    claim: `a copy of ${aggregateType} after event ${at} does not come to the same ${listOf(changed.map(({ path }) => path))}.`,
    details: [
      ...listDifferences(changed, ['all events', 'copy and rest']),
      '',
      ...events.map(
        (event, index) =>
          `    ${index === at ? 'then  ' : index === 0 ? 'copied' : '      '} ${showEvent(event)}`,
      ),
    ],
    why:
      'A snapshot is such a copy: every field of its own, as JSON would give it back. Two fields that share an object, or ' +
      'state outside of the aggregate, make it differ, and the aggregate decides otherwise after a snapshot. ' +
      'Keep one copy of everything, and find it by its id. Copy a list of an event before you change it.',
  };
}
