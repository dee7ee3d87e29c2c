import { aggregateClassOf } from '../../../domain/decider.ts';
import type { AggregateSource } from '../../../domain/index.ts';
import { streamOf } from '../../../application/replay/event-replay.ts';
import { memory } from '../../memory/memory-store.ts';
import { applyOnlyChangesState } from '../laws/apply-only-changes-state.ts';
import { eventsAreKnown } from '../laws/events-are-known.ts';
import { eventsSurviveStorage } from '../laws/events-survive-storage.ts';
import type { Breach, Law, LawName } from '../laws/law.ts';
import { describeBreach, hintAt } from '../laws/law.ts';
import { refusalLeavesNothing, replayEqualsLive } from '../laws/replay-equals-live.ts';
import { Chance, sameInputSameEvents } from '../laws/same-input-same-events.ts';
import { snapshotEqualsReplay } from '../laws/snapshot-equals-replay.ts';
import { upcasterBreach } from '../laws/upcaster-laws.ts';
import { ScenarioFailed, pointTo } from '../scenario-failed.ts';
import type { Act } from './act.ts';
import type { CheckedAct } from './checks.ts';
import type { ScenarioOptions } from './scenario-options.ts';
import { runInWeather } from './weather.ts';
import type { Weather } from './weather.ts';
import { World } from './world.ts';
import type { Action, WorldPlan } from './world.ts';

/** One line of a story: what was given, what happens, or what must have come of it. */
export type Step =
  | {
      readonly kind: 'given';
      readonly lines: readonly string[];
      readonly run: (world: World) => Promise<void>;
    }
  | {
      readonly kind: 'when';
      readonly lines: readonly string[];
      readonly actions: readonly Action[];
      readonly passesTo?: string;
    }
  | {
      readonly kind: 'then';
      readonly lines: readonly string[];
      /** Whether it says that the act before it fails. */
      readonly expectsFailure?: boolean;
      /** Where the team wrote it. */
      readonly frames?: readonly string[];
      readonly check: (checked: CheckedAct, world: World) => void | Promise<void>;
    };

/** A whole scenario, as data: it can be played, told again and printed. */
export interface Story {
  readonly subject: string;
  readonly plan: WorldPlan;
  readonly steps: readonly Step[];
  readonly withoutLaws: readonly LawName[];
}

/** The beginning of a story about one aggregate, alone on the memory store. */
export function storyAbout(source: AggregateSource, options: ScenarioOptions): Story {
  const { id = idOf(source), startsAt, withoutLaws = [] } = options;
  const { handlers = [], modules = [], upcasters = [], bind } = options;
  const plan: WorldPlan = {
    ...{ subject: { source, id }, sources: [], events: [], handlers, modules, startsAt, bind },
    ...{ upcasters, store: memory(), hasReactions: false },
  };
  return { subject: aggregateClassOf(source).name, plan, steps: [], withoutLaws };
}

/** The id of an aggregate that nobody gave one. */
export function idOf(source: AggregateSource): string {
  return `${streamOf(source, 'x').aggregateType}-1`;
}

// Broken, these make everything else differ as well, so they are told instead of it.
const causes: readonly Law[] = [applyOnlyChangesState, eventsSurviveStorage];
const others: readonly Law[] = [eventsAreKnown, refusalLeavesNothing, replayEqualsLive, snapshotEqualsReplay];

/** Plays a story, checks what must come of it, and every law. */
export async function tellStory(story: Story): Promise<void> {
  const chance = new Chance();
  const acts = await play(story, chance.asUsual(), 'checked').catch(async (error: unknown) => {
    if (!(error instanceof Unexplained)) throw error;
    const breach = await breachOfTellings(story).catch(() => undefined);
    throw pointTo(withHint(error.failure, breach), error.frames);
  });
  const breach = await breachOfTellings(story, acts, chance);
  if (breach !== undefined) throw new ScenarioFailed(describeBreach(breach));
}

/* Whether the story gives the same when it is told again. */
async function breachOfTellings(
  story: Story,
  acts?: readonly Act[],
  chance = new Chance(),
): Promise<Breach | undefined> {
  // What is stored in a running app cannot be told again from the beginning.
  if (story.withoutLaws.includes('same-input-same-events') || story.plan.app !== undefined) return undefined;
  const tellAgain = (weather: Weather): Promise<readonly Act[]> => play(story, weather, 'unchecked');
  return sameInputSameEvents(acts ?? (await tellAgain(chance.asUsual())), chance, tellAgain);
}

/* A check failed, and no law that was checked before it says why. */
class Unexplained extends Error {
  readonly failure: ScenarioFailed;
  readonly frames: readonly string[];

  constructor(failure: ScenarioFailed, frames: readonly string[]) {
    super(failure.message);
    this.failure = failure;
    this.frames = frames;
  }
}

function withHint(failure: ScenarioFailed, breach: Breach | undefined): ScenarioFailed {
  if (breach === undefined) return failure;
  return new ScenarioFailed(`${failure.message}\n\n${hintAt(breach)}`, { cause: failure.cause });
}

async function play(
  { plan, steps, withoutLaws }: Story,
  weather: Weather,
  mode: 'checked' | 'unchecked',
): Promise<readonly Act[]> {
  return runInWeather(weather, async () => {
    const world = await World.start(plan);
    const run = new Run(world, withoutLaws, mode === 'checked');
    try {
      for (const [index, step] of steps.entries()) await run.play(step, steps.slice(index + 1));
      run.endAct();
      return run.acts;
    } finally {
      await world.stop();
    }
  });
}

/** One telling of a story, from step to step. */
class Run {
  readonly acts: Act[] = [];
  readonly #world: World;
  readonly #withoutLaws: readonly LawName[];
  readonly #isChecked: boolean;
  #isFailureExpected = false;
  #breach: Breach | undefined;

  constructor(world: World, withoutLaws: readonly LawName[], isChecked: boolean) {
    this.#world = world;
    this.#withoutLaws = withoutLaws;
    this.#isChecked = isChecked;
  }

  async play(step: Step, following: readonly Step[]): Promise<void> {
    if (step.kind === 'then') {
      if (this.#isChecked) await this.#check(step);
      return;
    }
    this.endAct();
    if (step.kind === 'given') return step.run(this.#world);
    if (step.passesTo !== undefined) this.#world.setTime(step.passesTo);
    const act = await this.#world.act(step.actions);
    this.acts.push(act);
    this.#isFailureExpected = saysThatItFails(following);
    if (!this.#isChecked) return;
    refuseUnawaited(act);
    const cause = (await this.#upcasterBreach()) ?? (await this.#firstBreach(causes, act));
    if (cause !== undefined) throw new ScenarioFailed(describeBreach(cause));
    this.#breach = await this.#firstBreach(others, act);
  }

  /** The act is told to its end: what the checks have let pass, a law may not. */
  endAct(): void {
    const breach = this.#breach;
    this.#breach = undefined;
    if (breach !== undefined) throw new ScenarioFailed(describeBreach(breach));
  }

  async #check({ check, frames = [] }: Step & { kind: 'then' }): Promise<void> {
    const act = this.acts.at(-1)!;
    try {
      await check({ act, plan: this.#world.plan, isFailureExpected: this.#isFailureExpected }, this.#world);
    } catch (error) {
      if (!(error instanceof ScenarioFailed)) throw error;
      if (this.#breach === undefined) throw new Unexplained(error, frames);
      throw pointTo(withHint(error, this.#breach), frames);
    }
  }

  /* What a story was given may be stored in old shapes; what upcasters make of them is the ground of all the rest. */
  async #upcasterBreach(): Promise<Breach | undefined> {
    const { upcasters, app } = this.#world;
    if (upcasters.isEmpty) return undefined;
    const { reader, serializer } = app;
    const events = await this.#world.storedEvents();
    return upcasterBreach({ upcasters, reader, serializer }, events, this.#withoutLaws);
  }

  async #firstBreach(laws: readonly Law[], act: Act): Promise<Breach | undefined> {
    for (const law of laws) {
      if (this.#withoutLaws.includes(law.name)) continue;
      const breach = await law.check(this.#world, act);
      if (breach !== undefined) return breach;
    }
    return undefined;
  }
}

/* Whether a check of an act says that it fails, before or behind those that say what was stored. */
function saysThatItFails(following: readonly Step[]): boolean {
  const next = following.findIndex(({ kind }) => kind === 'when');
  const ofThisAct = next === -1 ? following : following.slice(0, next);
  return ofThisAct.some(step => step.kind === 'then' && step.expectsFailure);
}

function refuseUnawaited({ underWay }: Act): void {
  const [first] = underWay;
  if (first === undefined) return;
  throw new ScenarioFailed(
    [
      'Nobody waited for a change: it was still under way when the command had ended, so nothing of it is stored.',
      '',
      `    ${first}`,
      '',
      '  Return or await that promise.',
    ].join('\n'),
  );
}
