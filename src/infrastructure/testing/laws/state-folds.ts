import { DeciderAggregate } from '../../../domain/index.ts';
import type { AggregateRoot, AggregateSource, Recorded } from '../../../domain/index.ts';
import { snapshotOptionsOf } from '../../../domain/aggregate.ts';
import { createAggregate, passOverEvent, replayEvent } from '../../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../../domain/decider.ts';
import { copyFields, copyState } from '../../serialization/copy-state.ts';
import { JsonSnapshotSerializer } from '../../serialization/json-snapshot-serializer.ts';
import { viewOf } from '../scenario/aggregate-state.ts';
import type { StateView } from '../scenario/aggregate-state.ts';

/** How a kind of aggregate is folded and copied. */
interface Fold {
  /** Whether the copies are those that an app makes. */
  readonly hasSnapshots: boolean;
  start(): unknown;
  apply(state: unknown, events: readonly Recorded<object>[]): unknown;
  /** @throws whatever the serializer of snapshots refuses */
  copy(state: unknown): unknown;
  view(state: unknown): StateView;
}

/** Folds an aggregate of this kind, under this id. */
export function foldOf(source: AggregateSource, id: string): Fold {
  const start = (): AggregateRoot => createAggregate(aggregateClassOf(source), id);
  if (snapshotOptionsOf(aggregateClassOf(source)) !== undefined) return snapshotFold(start);
  if (typeof source !== 'function') return deciderFold(source);
  return {
    hasSnapshots: false,
    start,
    apply: applyTo,
    copy: state => {
      const copy = copyFields(state as object, start());
      passOverEvent(copy, (state as AggregateRoot).version);
      return copy;
    },
    view: state => viewOf(state as AggregateRoot),
  };
}

function snapshotFold(start: () => AggregateRoot): Fold {
  const serializer = new JsonSnapshotSerializer();
  return {
    hasSnapshots: true,
    start,
    apply: applyTo,
    copy: state => {
      const [original, copy] = [state as AggregateRoot, start()];
      serializer.restore(copy, serializer.serialize(original));
      passOverEvent(copy, original.version);
      return copy;
    },
    view: state =>
      state instanceof DeciderAggregate ? { state: state.state } : viewOf(state as AggregateRoot),
  };
}

function applyTo(state: unknown, events: readonly Recorded<object>[]): AggregateRoot {
  const aggregate = state as AggregateRoot;
  for (const { payload, version } of events) replayEvent(aggregate, payload, version);
  return aggregate;
}

function deciderFold(decider: Exclude<AggregateSource, abstract new (...args: never[]) => unknown>): Fold {
  return {
    hasSnapshots: false,
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
