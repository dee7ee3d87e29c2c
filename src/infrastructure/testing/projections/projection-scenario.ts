import type { Class } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import type { DocumentOf, DocumentProjector, TableProjector } from '../../../projections/index.ts';
import { patienceMs } from '../app/settle.ts';
import { mustBeAwaited, mustGoOn } from '../awaiting.ts';
import { callerFrames } from '../caller-line.ts';
import { describeBreach } from '../laws/law.ts';
import { projectionBreach } from '../laws/projection-laws.ts';
import { upcasterBreach } from '../laws/upcaster-laws.ts';
import { ScenarioFailed, pointTo } from '../scenario-failed.ts';
import { eventSentence, say, timeSentence, words } from '../stories/sentences.ts';
import type { Told, ToldStory } from '../stories/told-story.ts';
import { Verdict } from '../verdict.ts';
import { explainDocuments, explainTable } from './explain-rows.ts';
import { planOf } from './projection-plan.ts';
import type { ProjectionOptions, ProjectionPlan } from './projection-plan.ts';
import { ProjectionWorld } from './projection-world.ts';
import { refuseParked } from './refuse-parked.ts';
import { readRows } from './rows.ts';
import type { Rows } from './rows.ts';

interface Step {
  readonly kind: 'given' | 'then';
  readonly lines: readonly string[];
  readonly run: (world: ProjectionWorld) => Promise<void>;
}

/** Events on their way to a projector. Every call returns a new stage, so that a beginning can be shared by tests. */
export interface EventsOf<Stage> extends Told {
  /**
   * These events of the aggregate with this id, some of them perhaps as `storedEvent`; its type is the first word of the
   * events' names.
   */
  on(aggregateId: string, ...events: readonly object[]): Stage;
  /** From here on it is this time. */
  at(time: Date | string): Stage;
}

/** Events on their way to a document projector, and the documents that must come of them. */
export interface ProjectionScenario<P extends DocumentProjector<object>> extends EventsOf<
  ProjectionScenario<P>
> {
  /** Exactly these documents exist, by id. */
  thenDocuments(expected: Readonly<Record<string, DocumentOf<P>>>): Verdict<ProjectionScenario<P>>;
}

/** Events on their way to a table projector, and the rows that must come of them. */
export interface TableScenario<P extends TableProjector> extends EventsOf<TableScenario<P>> {
  /** Exactly these rows are in one of the projector's tables, in any order. */
  thenRows(
    table: keyof P['tables'] & string,
    expected: readonly Readonly<Record<string, unknown>>[],
  ): Verdict<TableScenario<P>>;
}

class Projecting implements EventsOf<Projecting> {
  readonly #plan: ProjectionPlan;
  readonly #steps: readonly Step[];
  /* Tells that it has an end, where somebody waits for one. */
  readonly #goesOn: (() => void) | undefined;

  constructor(plan: ProjectionPlan, steps: readonly Step[], goesOn?: () => void) {
    this.#plan = plan;
    this.#steps = steps;
    this.#goesOn = goesOn;
  }

  get story(): ToldStory {
    return { subject: this.#plan.projectorClass.name, steps: this.#steps };
  }

  on(aggregateId: string, ...events: readonly object[]): Projecting {
    const plan = { ...this.#plan, events: [...this.#plan.events, ...events.map(classOf)] };
    const lines = events.map(event => `${aggregateId}: ${eventSentence(event)}`);
    const run = (world: ProjectionWorld): Promise<void> => world.append(aggregateId, events);
    return new Projecting(plan, [...this.#steps, { kind: 'given', lines, run }], this.#goesOn);
  }

  at(time: Date | string): Projecting {
    const lines = [`it is ${timeSentence(time)}`];
    const run = async (world: ProjectionWorld): Promise<void> => world.clock.set(time);
    return new Projecting(this.#plan, [...this.#steps, { kind: 'given', lines, run }], this.#goesOn);
  }

  thenDocuments(expected: Rows): Verdict<Projecting> {
    const name = words(this.#plan.projectorClass.name);
    const lines = Object.entries(expected).map(([id, document]) => `${name} of ${id}: ${say(document)}`);
    return this.#verdict(lines, rows => explainDocuments(expected, rows));
  }

  thenRows(table: string, expected: readonly object[]): Verdict<Projecting> {
    const lines = expected.map(row => `row of ${words(table)}: ${say(row)}`);
    return this.#verdict(lines, rows => explainTable(table, expected, rows[table] as readonly object[]));
  }

  #verdict(lines: readonly string[], explain: (rows: Rows) => string | undefined): Verdict<Projecting> {
    const frames = callerFrames(new Error().stack);
    const run = async (world: ProjectionWorld): Promise<void> => {
      const explanation = explain(await caughtUp(world));
      if (explanation !== undefined) throw pointTo(new ScenarioFailed(explanation), frames);
    };
    this.#goesOn?.();
    const steps: readonly Step[] = [...this.#steps, { kind: 'then', lines, run }];
    const told = new Projecting(this.#plan, steps);
    const { name } = this.#plan.projectorClass;
    return new Verdict({
      story: told.story,
      run: () => told.#tell(),
      next: () => new Projecting(this.#plan, steps, mustGoOn(name)),
      awaited: mustBeAwaited(name),
    });
  }

  async #tell(): Promise<void> {
    const world = await ProjectionWorld.start(this.#plan);
    try {
      for (const step of this.#steps) await step.run(world);
      const breach = await projectionBreach(world, await rowsOf(world));
      if (breach !== undefined) throw new ScenarioFailed(describeBreach(breach));
    } finally {
      await world.stop();
    }
  }
}

/**
 * Tells what a projector makes of events: documents, or rows of tables on PGlite or PostgreSQL.
 *
 *     test('adds up', () =>
 *       projectionFor(Balances).on('acc-1', new MoneyDeposited(30)).thenDocuments({ 'acc-1': { balance: 30 } }));
 *
 * It also checks that the same rows come of the same events in every other way: delivered twice, after a restart at any
 * place, rebuilt, in another mode, by several shards.
 */
export function projectionFor<P extends DocumentProjector<object>>(
  projectorClass: Class<P>,
  options?: ProjectionOptions,
): ProjectionScenario<P>;
export function projectionFor<P extends TableProjector>(
  projectorClass: Class<P>,
  options?: ProjectionOptions,
): TableScenario<P>;
export function projectionFor(projectorClass: Class, options: ProjectionOptions = {}): unknown {
  return new Projecting(planOf(projectorClass, options), []);
}

async function caughtUp(world: ProjectionWorld): Promise<Rows> {
  await world.app.projections.catchUp({ timeoutMs: patienceMs });
  await refuseParked(world.app, world.failures);
  await refuseUpcasters(world);
  return rowsOf(world);
}

/* Broken, their laws make everything else differ as well. */
async function refuseUpcasters(world: ProjectionWorld): Promise<void> {
  const { app, upcasters, plan } = world;
  if (upcasters.isEmpty) return;
  const reading = { upcasters, reader: app.reader, serializer: app.serializer };
  const breach = await upcasterBreach(reading, await world.events(), plan.withoutLaws);
  if (breach !== undefined) throw new ScenarioFailed(describeBreach(breach));
}

async function rowsOf(world: ProjectionWorld): Promise<Rows> {
  const projection = await world.freshProjection();
  if (projection.mode !== 'live')
    return readRows(world.store.readModels, projection, await world.liveBuild());
  const ids = (await world.events()).flatMap(event => projection.keysOf(event));
  return Object.fromEntries(
    await world.app.readModels.of(world.plan.projectorClass).getMany([...new Set(ids)]),
  );
}
