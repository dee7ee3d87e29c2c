import type { AggregateSource } from '../../../domain/index.ts';
import { DomainError } from '../../../domain/index.ts';
import {
  AggregateAlreadyExists,
  AggregateNotFound,
  UniqueKeyTaken,
  ValidationFailed,
} from '../../../application/index.ts';
import { streamOf } from '../../../application/replay/event-replay.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import { errorsOf } from '../scenario/act.ts';
import type { Act } from '../scenario/act.ts';
import { describeError } from '../scenario/describe-error.ts';
import { failed } from '../scenario/checks.ts';
import type { CheckedAct } from '../scenario/checks.ts';
import { storyAbout, tellStory } from '../scenario/story.ts';
import type { Step, Story } from '../scenario/story.ts';
import type { World } from '../scenario/world.ts';
import { classOf } from '../../../domain/class.ts';
import type { ScenarioOptions } from '../scenario/scenario-options.ts';
import type { Happening } from './happening.ts';

type AnyInvariant = (aggregate: never, events: never) => unknown;

/** An aggregate that is explored, and what must hold of it. */
export interface Explored {
  readonly source: AggregateSource;
  readonly options: ScenarioOptions;
  readonly invariants: Readonly<Record<string, AnyInvariant>>;
}

/** What became of the commands of a story, up to the one that failed. */
export interface ToldHappenings {
  readonly acts: readonly Act[];
  readonly failure: ScenarioFailed | undefined;
  /** The invariant that does not hold; undefined if something else failed. */
  readonly broken: string | undefined;
}

/** An invariant that does not hold. */
class InvariantBroken extends ScenarioFailed {
  readonly invariant: string;

  constructor(invariant: string, explanation: ScenarioFailed) {
    super(explanation.message);
    this.invariant = invariant;
  }
}

/** Lets things happen one after another, and looks after each whether everything holds. */
export async function tellHappenings(
  explored: Explored,
  given: readonly object[],
  happenings: readonly Happening[],
): Promise<ToldHappenings> {
  const acts: Act[] = [];
  const steps = happenings.flatMap(({ action, text }): Step[] => [
    { kind: 'when', lines: [text], actions: [action] },
    {
      kind: 'then',
      lines: [],
      expectsFailure: true,
      async check(checked, world) {
        acts.push(checked.act);
        await checkAll(explored, checked, world);
      },
    },
  ]);
  const begin: Step = { kind: 'given', lines: [], run: world => appendAll(world, explored, given) };
  try {
    await tellStory(storyOf(explored, given, given.length === 0 ? steps : [begin, ...steps]));
    return { acts, failure: undefined, broken: undefined };
  } catch (error) {
    if (!(error instanceof ScenarioFailed)) throw error;
    return { acts, failure: error, broken: error instanceof InvariantBroken ? error.invariant : undefined };
  }
}

/** Whether an error is an answer that callers must expect, and no fault. */
export function isRefusal(error: Error): boolean {
  const refusals = [DomainError, UniqueKeyTaken, AggregateNotFound, AggregateAlreadyExists, ValidationFailed];
  return refusals.some(refusal => error instanceof refusal);
}

/** The events of an act as they were raised, which also tells the class of those that no module knows. */
export function eventsOf({ events, changed }: Act): readonly object[] {
  return events.map(({ aggregateType, aggregateId, version, payload }) => {
    const sighting = changed.find(
      ({ stream }) => stream.aggregateType === aggregateType && stream.aggregateId === aggregateId,
    );
    return sighting?.raised[version - sighting.versionBefore - 1] ?? payload;
  });
}

function storyOf({ source, options }: Explored, given: readonly object[], steps: readonly Step[]): Story {
  const story = storyAbout(source, options);
  return { ...story, plan: { ...story.plan, events: given.map(classOf) }, steps };
}

function appendAll(world: World, { source }: Explored, events: readonly object[]): Promise<void> {
  return world.append(source, world.plan.subject!.id, events);
}

async function checkAll({ invariants }: Explored, checked: CheckedAct, world: World): Promise<void> {
  const fault = errorsOf(checked.act).find(error => !isRefusal(error));
  if (fault !== undefined)
    throw failed(checked, ['It broke, which is no refusal:', ...describeError(fault)], fault);
  const { source, id } = world.plan.subject!;
  const stream = streamOf(source, id);
  const events = (await world.eventsOf(source, stream)).map(({ payload }) => payload);
  for (const [name, holds] of Object.entries(invariants)) {
    const aggregate = await world.fold(source, stream);
    const reason = await reasonAgainst(() => holds(aggregate as never, events as never));
    if (reason !== undefined)
      throw new InvariantBroken(name, failed(checked, [`"${name}" does not hold.`, ...reason]));
  }
}

async function reasonAgainst(holds: () => unknown): Promise<string[] | undefined> {
  try {
    return (await holds()) === false ? [] : undefined;
  } catch (error) {
    return describeError(error as Error);
  }
}
