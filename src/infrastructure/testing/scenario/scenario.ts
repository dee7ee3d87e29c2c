import type { AggregateRoot, AggregateSource, Class, EventOf } from '../../../domain/index.ts';
import { UnableToApplyEvent } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import { streamOf } from '../../../application/replay/event-replay.ts';
import { isoTime } from '../iso-time.ts';
import { callerFrames } from '../caller-line.ts';
import { mustBeAwaited, mustGoOn } from '../awaiting.ts';
import { patternOf } from '../compare/event-pattern.ts';
import type { ExpectedEvent } from '../compare/event-pattern.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import {
  actionSentence,
  checkSentence,
  eventSentence,
  expectedSentence,
  say,
  timeSentence,
  withFields,
  words,
} from '../stories/sentences.ts';
import { Verdict } from '../verdict.ts';
import {
  expectEvents,
  expectFailure,
  expectIncluded,
  expectReturn,
  expectState,
  failed,
  refuseFailure,
} from './checks.ts';
import { describeError } from './describe-error.ts';
import type { ScenarioOptions } from './scenario-options.ts';
import type { And, CommandsOf, Given } from './scenario-types.ts';
import { storyAbout, tellStory } from './story.ts';
import type { Step, Story } from './story.ts';
import type { Action, World } from './world.ts';

type AnyAnd = And<AggregateSource, object, object>;
type ThenStep = Extract<Step, { kind: 'then' }>;

/** All stages of a scenario; which calls make sense where is the business of the types. */
export class Scenario<Stage = AnyAnd> {
  readonly #story: Story;
  readonly #goesOn: (() => void) | undefined;

  /** @internal use `scenarioFor` */
  constructor(story: Story, goesOn?: () => void) {
    this.#story = story;
    this.#goesOn = goesOn;
  }

  /** The story so far. */
  get story(): Story {
    return this.#story;
  }

  nothing(): this {
    return this.given(['nothing'], async () => undefined);
  }

  events(...events: readonly object[]): this {
    const { source, id } = this.#subject;
    return this.given(
      events.map(eventSentence),
      world => appendGiven(world, source, id, events),
      events.map(classOf),
    );
  }

  stream(first: AggregateSource | string, ...rest: readonly (string | object)[]): this {
    const isOfSameKind = typeof first === 'string';
    const source = isOfSameKind ? this.#subject.source : first;
    const [id, events] = isOfSameKind ? [first, rest] : [rest[0] as string, rest.slice(1)];
    const lines = (events as object[]).map(event => `${id}: ${eventSentence(event)}`);
    const append = (world: World): Promise<void> => appendGiven(world, source, id, events as object[]);
    return this.given(lines, append, (events as object[]).map(classOf), [source]);
  }

  commands(...commands: readonly object[]): this {
    return this.given(commands.map(actionSentence), async world => {
      for (const command of commands) await runGiven(world, command);
    });
  }

  at(time: Date | string): this {
    return this.given([`it is ${timeSentence(time)}`], async world => world.setTime(time));
  }

  when(action: Action): this {
    return this.#when({ kind: 'when', lines: [actionSentence(action)], actions: [action] });
  }

  whenConcurrently(first: Action, second: Action): this {
    const lines = [actionSentence(first), `at the same time ${actionSentence(second)}`];
    return this.#when({ kind: 'when', lines, actions: [first, second] });
  }

  whenTimePasses(until: Date | string): this {
    return this.#when({
      kind: 'when',
      lines: [`it becomes ${timeSentence(until)}`],
      actions: [],
      passesTo: isoTime(until),
    });
  }

  thenEvents(...events: readonly ExpectedEvent<object>[]): Verdict<Stage> {
    const patterns = events.map(patternOf);
    const lines = events.length === 0 ? ['nothing happens'] : events.map(expectedSentence);
    return this.check({ kind: 'then', lines, check: checked => expectEvents(checked, patterns) }, events);
  }

  thenIncludes(...events: readonly ExpectedEvent<object>[]): Verdict<Stage> {
    const patterns = events.map(patternOf);
    const lines = events.map(event => `among others ${expectedSentence(event)}`);
    return this.check({ kind: 'then', lines, check: checked => expectIncluded(checked, patterns) }, events);
  }

  thenNothing(): Verdict<Stage> {
    return this.thenEvents();
  }

  thenFails<E extends Error>(errorClass: Class<E>, fields: object = {}): Verdict<Stage> {
    return this.check({
      kind: 'then',
      lines: [`it is refused: ${withFields(words(errorClass.name), fields)}`],
      expectsFailure: true,
      check: checked => expectFailure(checked, errorClass, fields),
    });
  }

  thenReturns(value: unknown): Verdict<Stage> {
    return this.check({
      kind: 'then',
      lines: [`it returns ${say(value)}`],
      check: checked => expectReturn(checked, value),
    });
  }

  thenState(expected: object | ((aggregate: never) => unknown)): Verdict<Stage> {
    const lines = [
      typeof expected === 'function'
        ? checkSentence(expected as () => unknown)
        : withFields('state', expected),
    ];
    return this.check({
      kind: 'then',
      lines,
      async check(checked, world) {
        refuseFailure(checked, []);
        const { source, id } = world.plan.subject!;
        const aggregate = await world.fold(source, streamOf(source, id));
        if (typeof expected !== 'function') {
          expectState(checked, expected, aggregate);
          return;
        }
        if ((await (expected as (aggregate: AggregateRoot) => unknown)(aggregate)) !== false) return;
        throw failed(checked, ['The check of the state returned false.', `    ${String(expected)}`]);
      },
    });
  }

  get #subject(): { source: AggregateSource; id: string } {
    return this.#story.plan.subject!;
  }

  protected given(
    lines: readonly string[],
    run: (world: World) => Promise<void>,
    events: readonly Class[] = [],
    sources: readonly AggregateSource[] = [],
  ): this {
    return this.#next(extended(this.#story, { kind: 'given', lines, run }, events, sources), this.#goesOn);
  }

  /* A stage of the same kind. */
  #next(story: Story, goesOn?: () => void): this {
    const stage = this.constructor as new (story: Story, goesOn?: () => void) => this;
    return new stage(story, goesOn);
  }

  #when(step: Step): this {
    this.#goesOn?.();
    return this.#next(extended(this.#story, step), mustGoOn(this.#story.subject));
  }

  protected check(step: ThenStep, events: readonly ExpectedEvent<object>[] = []): Verdict<Stage> {
    this.#goesOn?.();
    const story = extended(
      this.#story,
      { ...step, frames: callerFrames(new Error().stack) },
      events.map(event => patternOf(event).eventClass),
    );
    return new Verdict({
      story,
      run: () => tellStory(story),
      next: () => this.#next(story, mustGoOn(story.subject)) as unknown as Stage,
      awaited: mustBeAwaited(story.subject),
    });
  }
}

/**
 * Tells a story about one aggregate: given …, when …, then ….
 *
 *     test('deposits', () =>
 *       scenarioFor(Account).events(new AccountOpened('Ada')).when(a => a.deposit(30)).thenEvents(new MoneyDeposited(30)));
 *
 * Return or await it: a scenario that nobody awaits fails its test. It runs the production wiring on the memory store,
 * with a virtual clock and ids that count up, and checks the laws on top of what it says. The laws tell the story more
 * than once, so what it does must concern nothing but its aggregates.
 */
export function scenarioFor<Source extends AggregateSource>(
  source: Source,
): Given<Source, EventOf<Source>, CommandsOf<Source, undefined>>;
export function scenarioFor<Source extends AggregateSource, Options extends ScenarioOptions>(
  source: Source,
  options: Options,
): Given<Source, EventOf<Source>, CommandsOf<Source, Options>>;
export function scenarioFor(source: AggregateSource, options: ScenarioOptions = {}): unknown {
  return new Scenario(storyAbout(source, options));
}

function extended(
  story: Story,
  step: Step,
  events: readonly Class[] = [],
  sources: readonly AggregateSource[] = [],
): Story {
  const { plan } = story;
  const mentioned = { events: [...plan.events, ...events], sources: [...plan.sources, ...sources] };
  return { ...story, plan: { ...plan, ...mentioned }, steps: [...story.steps, step] };
}

async function appendGiven(
  world: World,
  source: AggregateSource,
  id: string,
  events: readonly object[],
): Promise<void> {
  try {
    await world.append(source, id, events);
  } catch (error) {
    const what = events.length === 1 ? 'The given event' : 'The given events';
    const done = error instanceof UnableToApplyEvent ? 'applied' : 'stored';
    throw givenFailed(`${what} of ${id} could not be ${done}.`, error as Error);
  }
}

async function runGiven(world: World, command: object): Promise<void> {
  const act = await world.act([command]);
  const error = act.outcomes[0]?.error;
  if (error !== undefined)
    throw givenFailed(`The given command "${actionSentence(command)}" did not succeed.`, error);
}

function givenFailed(claim: string, cause: Error): ScenarioFailed {
  return new ScenarioFailed([claim, '', ...describeError(cause)].join('\n'), { cause });
}
