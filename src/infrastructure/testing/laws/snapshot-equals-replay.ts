import type { AggregateSource } from '../../../domain/index.ts';
import { createAggregate, passOverEvent, replayEvent } from '../../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../../domain/decider.ts';
import type { AggregateRoot, Recorded, StreamId } from '../../../domain/index.ts';
import { differences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { showEvent } from '../compare/name-of-event.ts';
import { listOf } from '../compare/show.ts';
import { viewOf } from '../scenario/aggregate-state.ts';
import type { StateView } from '../scenario/aggregate-state.ts';
import type { World } from '../scenario/world.ts';
import { copyFields, copyState } from './copy-state.ts';
import type { Breach, Law } from './law.ts';

const law = 'snapshot-equals-replay';
// A snapshot at each of so many events, spread evenly over a longer history.
const mostSnapshots = 30;

/** A copy of the state after any event, and the events behind it, give what all events give. */
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
  for (let at = 1; at < events.length; at += step) {
    const state = fold.apply(fold.start(), events.slice(0, at));
    const copy = fold.copy(state);
    // State that cannot be seen or copied (#private fields) is not judged here.
    if (differences(fold.view(state), fold.view(copy)).length > 0) return undefined;
    const changed = differences(whole, fold.view(fold.apply(copy, events.slice(at))));
    if (changed.length > 0) return breachOf(stream, events, at, changed);
  }
  return undefined;
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

/** How a kind of aggregate is folded and copied. */
interface Fold {
  start(): unknown;
  apply(state: unknown, events: readonly Recorded<object>[]): unknown;
  copy(state: unknown): unknown;
  view(state: unknown): StateView;
}

function foldOf(source: AggregateSource, id: string): Fold {
  if (typeof source !== 'function') return deciderFold(source);
  const start = (): AggregateRoot => createAggregate(aggregateClassOf(source), id);
  return {
    start,
    apply(state, events) {
      const aggregate = state as AggregateRoot;
      for (const { payload, version } of events) replayEvent(aggregate, payload, version);
      return aggregate;
    },
    copy: state => {
      const copy = copyFields(state as object, start());
      passOverEvent(copy, (state as AggregateRoot).version);
      return copy;
    },
    view: state => viewOf(state as AggregateRoot),
  };
}

function deciderFold(decider: Exclude<AggregateSource, abstract new (...args: never[]) => unknown>): Fold {
  return {
    start: () => decider.initialState(),
    apply: (state, events) =>
      events.reduce<unknown>(
        (before, { payload }) => decider.evolve(before as never, payload as never),
        state,
      ),
    copy: state => copyState(state),
    view: state => ({ state }),
  };
}
