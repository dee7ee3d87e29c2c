import type { AggregateOf, AggregateSource, Class, EventOf } from '../../domain/index.ts';
import { aggregateClassOf } from '../../domain/decider.ts';
import type { Command } from '../../application/index.ts';
import { mustBeAwaited } from './awaiting.ts';
import { expectEvents, expectFailure, expectReturn } from './scenario-checks.ts';
import type { ErrorFields, Occurrence } from './scenario-checks.ts';
import { ScenarioWorld, namedClasses } from './scenario-world.ts';
import type { ScenarioOptions } from './scenario-world.ts';
import { Verdict } from './verdict.ts';

type World = ScenarioWorld<AggregateSource>;
type Step = (world: World) => Promise<void>;
type Action<Source> = Command<unknown> | ((aggregate: AggregateOf<Source>) => unknown);

/** Steps that were told so far, and the events they mention. */
interface Story {
  readonly source: AggregateSource;
  readonly options: ScenarioOptions;
  readonly steps: readonly Step[];
  readonly events: readonly object[];
}

/** What happened before. Every call returns a new stage, so that a beginning can be shared by tests. */
export class Given<Source extends AggregateSource> {
  readonly #story: Story;

  /** @internal use `scenarioFor` */
  constructor(story: Story) {
    this.#story = story;
  }

  /** Nothing: the aggregate does not exist. */
  nothing(): this {
    return this;
  }

  /** These events of the aggregate. */
  events(...events: readonly EventOf<Source>[]): Given<Source> {
    return this.#with(world => world.append(this.#story.source, world.id, events), events);
  }

  /** These events of another aggregate. */
  stream<Other extends AggregateSource>(
    source: Other,
    id: string,
    ...events: readonly EventOf<Other>[]
  ): Given<Source> {
    return this.#with(world => world.append(source, id, events), events);
  }

  /** These commands, all of which succeed. */
  commands(...commands: readonly Command<unknown>[]): Given<Source> {
    return this.#with(async world => {
      for (const command of commands) await world.act(command);
    });
  }

  /** From here on it is this time. */
  at(time: Date | string): Given<Source> {
    return this.#with(async world => world.clock.set(time));
  }

  /** A command is dispatched, or a function acts on the aggregate. */
  when(action: Action<Source>): Then<Source> {
    const { source } = this.#story;
    return new Then<Source>(this.#story, action, mustBeAwaited(aggregateClassOf(source).name));
  }

  #with(step: Step, events: readonly object[] = []): Given<Source> {
    const { source, options } = this.#story;
    const story = {
      source,
      options,
      steps: [...this.#story.steps, step],
      events: [...this.#story.events, ...events],
    };
    return new Given(story);
  }
}

/** What must come of it. */
export class Then<Source extends AggregateSource> {
  readonly #story: Story;
  readonly #action: Action<never>;
  readonly #awaited: () => void;

  /** @internal use `scenarioFor` */
  constructor(story: Story, action: Action<never>, awaited: () => void) {
    this.#story = story;
    this.#action = action;
    this.#awaited = awaited;
  }

  /** Exactly these events are stored, in this order, in whatever streams. */
  thenEvents(...events: readonly object[]): Verdict<Given<Source>> {
    return this.#verdict(occurrence => expectEvents(occurrence, events), events);
  }

  /** It succeeds, and stores nothing. */
  thenNothing(): Verdict<Given<Source>> {
    return this.thenEvents();
  }

  /** It is refused with an error of this class, whose fields have these values; nothing is stored. */
  thenFails<E extends Error>(errorClass: Class<E>, fields: ErrorFields<E> = {}): Verdict<Given<Source>> {
    return this.#verdict(occurrence => expectFailure(occurrence, errorClass, fields));
  }

  /** It returns this value. */
  thenReturns(value: unknown): Verdict<Given<Source>> {
    return this.#verdict(occurrence => expectReturn(occurrence, value));
  }

  /** `check` accepts the aggregate as its stored events make it. */
  thenState(check: (aggregate: AggregateOf<Source>) => unknown): Verdict<Given<Source>> {
    return this.#verdict(async (occurrence, world) => {
      if (occurrence.error !== undefined) throw occurrence.error;
      await check((await world.state()) as AggregateOf<Source>);
    });
  }

  #verdict(
    check: (occurrence: Occurrence, world: World) => void | Promise<void>,
    events: readonly object[] = [],
  ): Verdict<Given<Source>> {
    const act: Step = async world => check(await occur(world, this.#action), world);
    const { source, options } = this.#story;
    const steps = [...this.#story.steps, act];
    const story: Story = { source, options, steps, events: [...this.#story.events, ...events] };
    return new Verdict(
      () => play(story),
      () => new Given<Source>(story),
      this.#awaited,
    );
  }
}

/**
 * Tells a story about one aggregate: given …, when …, then ….
 *
 *     test('deposits', () =>
 *       scenarioFor(Account).events(new AccountOpened('Ada')).when(a => a.deposit(30)).thenEvents(new MoneyDeposited(30)));
 *
 * Return or await it: a scenario that nobody awaits fails its test. It runs the production wiring on the
 * memory store, with a virtual clock and ids that count up.
 */
export function scenarioFor<Source extends AggregateSource>(
  source: Source,
  options: ScenarioOptions = {},
): Given<Source> {
  return new Given({ source, options, steps: [], events: [] });
}

async function play({ source, options, steps, events }: Story): Promise<void> {
  const world = await ScenarioWorld.start(source, options, namedClasses(events));
  try {
    for (const step of steps) await step(world);
  } finally {
    await world.app.stop();
  }
}

async function occur(world: World, action: Action<never>): Promise<Occurrence> {
  const position = await world.position();
  const outcome = await attempt(() => world.act(action));
  const recorded = await world.eventsAfter(position);
  return { ...outcome, events: recorded.map(event => event.payload) };
}

async function attempt(act: () => Promise<unknown>): Promise<Omit<Occurrence, 'events'>> {
  try {
    return { returned: await act(), error: undefined };
  } catch (error) {
    return { returned: undefined, error: error as Error };
  }
}
