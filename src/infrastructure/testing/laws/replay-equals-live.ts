import { formatStream } from '../../../domain/index.ts';
import type { AggregateRoot, Recorded } from '../../../domain/index.ts';
import { createAggregate, passOverEvent, replayEvent } from '../../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../../domain/decider.ts';
import { differences, knownDifferences } from '../compare/differences.ts';
import type { Difference } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { count, listOf, show } from '../compare/show.ts';
import { errorsOf } from '../scenario/act.ts';
import { viewOf } from '../scenario/aggregate-state.ts';
import type { StateView } from '../scenario/aggregate-state.ts';
import type { Sighting } from '../scenario/repository-watch.ts';
import { otherDay, runInWeather } from '../scenario/weather.ts';
import type { World } from '../scenario/world.ts';
import { copyState } from '../../serialization/copy-state.ts';
import type { Breach, Law } from './law.ts';

/** State in memory is what the events make of an aggregate, on whatever day they are replayed. */
export const replayEqualsLive: Law = {
  name: 'replay-equals-live',
  async check(world, act) {
    return firstBreach(act.changed, sighting => compare(world, sighting, afterSuccess));
  },
};

/** A refused command has changed nothing, in the store or in memory, but what the events that it raised say. */
export const refusalLeavesNothing: Law = {
  name: 'refusal-leaves-nothing',
  async check(world, act) {
    if (errorsOf(act).length === 0) return undefined;
    if (act.outcomes.length === 1 && act.events.length > 0)
      return appendedBreach(act.events.map(({ type }) => type));
    return firstBreach(act.refused, sighting => compare(world, sighting, afterRefusal));
  },
};

async function firstBreach(
  sightings: readonly Sighting[],
  check: (sighting: Sighting) => Promise<Breach | undefined>,
): Promise<Breach | undefined> {
  for (const sighting of sightings) {
    const breach = await check(sighting);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

type ToBreach = (sighting: Sighting, changed: readonly Difference[]) => Breach;

async function compare(world: World, sighting: Sighting, toBreach: ToBreach): Promise<Breach | undefined> {
  const live = copyOf(viewOf(sighting.aggregate));
  const events = await world.eventsOf(sighting.source, sighting.stream, sighting.versionBefore);
  const fold = async (): Promise<StateView> => viewOf(foldSighting(sighting, events));
  const folded = await runInWeather(otherDay, fold);
  const changed = knownDifferences(live, folded);
  return changed.length === 0 ? undefined : toBreach(sighting, changed);
}

/* Another aggregate that shares an object with this one would change it while it is folded. */
function copyOf(view: StateView): StateView {
  const copy = copyState(view);
  // What cannot be copied (#private fields) is looked at as it is.
  return differences(view, copy).length === 0 ? copy : view;
}

/* What is stored, then what it raised since. */
function foldSighting(
  { source, stream, raised, versionBefore }: Sighting,
  stored: readonly Recorded<object>[],
): AggregateRoot {
  const aggregate = createAggregate(aggregateClassOf(source), stream.aggregateId);
  for (const { payload, version } of stored) replayEvent(aggregate, payload, version);
  passOverEvent(aggregate, versionBefore);
  for (const event of raised) replayEvent(aggregate, event, aggregate.version + 1);
  return aggregate;
}

function afterSuccess(sighting: Sighting, changed: readonly Difference[]): Breach {
  return {
    law: 'replay-equals-live',
    claim: `the events of ${nameOf(sighting)} do not give the ${fieldsOf(changed)} that it has in memory.`,
    details: [...listDifferences(changed, ['in memory', 'replayed']), '', ...raisedLines(sighting)],
    why:
      'The next command may get the aggregate from memory or replay it from its events, on this node or on another: it ' +
      'would decide on one state or on the other. Change state only in @On methods, and only by what the event says: ' +
      'no clock, no random numbers, nothing outside the aggregate. Copy a list of an event before you change it.',
  };
}

function afterRefusal(sighting: Sighting, changed: readonly Difference[]): Breach {
  return {
    law: 'refusal-leaves-nothing',
    claim: `the refusal left another ${fieldsOf(changed)} behind in ${nameOf(sighting)}.`,
    details: listDifferences(changed, ['in memory', 'by its events']),
    why:
      'A handler that catches the refusal and goes on would decide on state that no event has made. ' +
      'Check all rules first, then raise(), and change state only in @On methods.',
  };
}

function appendedBreach(types: readonly string[]): Breach {
  return {
    law: 'refusal-leaves-nothing',
    claim: `the command was refused, but ${listOf(types)} ${types.length === 1 ? 'is' : 'are'} stored.`,
    details: [
      '    What a handler changes through repositories is stored together at its end, or not at all.',
    ],
    why:
      'Whoever sent the command believes that nothing has happened, and sends it again. Do not append past the unit of ' +
      'work of the handler, and throw the refusal before anything is stored.',
  };
}

function nameOf({ source, stream }: Sighting): string {
  const { name } = aggregateClassOf(source);
  return name === stream.aggregateType ? formatStream(stream) : `${name} (${formatStream(stream)})`;
}

function fieldsOf(changed: readonly Difference[]): string {
  return listOf(changed.map(({ path }) => path));
}

function raisedLines({ raised, versionBefore }: Sighting): string[] {
  const before = versionBefore === 0 ? 'nothing' : count(versionBefore, 'event');
  const events = raised.length === 0 ? 'no event' : raised.map(show).join(', ');
  return [`    after ${before}, the command raised ${events}`];
}
