import { eventTypeOf } from '../../domain/index.ts';
import type { Class } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { handlersOf } from '../../domain/on.ts';
import type { DocumentOf, DocumentProjector } from '../../projections/index.ts';
import { projectorInfoOf } from '../../projections/projector.ts';
import type { App } from '../di/app.ts';
import { createApp } from '../di/create-app.ts';
import { defineModule } from '../di/module.ts';
import { memory } from '../memory/memory-store.ts';
import { silentLogger } from '../system/console-logger.ts';
import { mustBeAwaited } from './awaiting.ts';
import { differences, show } from './compare-values.ts';
import { ScenarioFailed } from './scenario-failed.ts';
import { SequentialIds } from './sequential-ids.ts';
import { Verdict } from './verdict.ts';
import { VirtualClock } from './virtual-clock.ts';

type Step = (app: App, clock: VirtualClock) => Promise<void>;

/** Events on their way to a projector, and the documents that must come of them. */
export class ProjectionScenario<P extends DocumentProjector<object>> {
  readonly #projectorClass: Class<P>;
  readonly #steps: readonly Step[];
  readonly #events: readonly Class[];

  /** @internal use `projectionFor` */
  constructor(projectorClass: Class<P>, steps: readonly Step[], events: readonly Class[]) {
    this.#projectorClass = projectorClass;
    this.#steps = steps;
    this.#events = events;
  }

  /** These events of the aggregate with this id; its type is the first word of the events' names. */
  on(aggregateId: string, ...events: readonly object[]): ProjectionScenario<P> {
    const classes = events.map(classOf);
    return this.#with(app => append(app, aggregateId, events), classes);
  }

  /** From here on it is this time. */
  at(time: Date | string): ProjectionScenario<P> {
    return this.#with(async (_app, clock) => clock.set(time));
  }

  /** Exactly these documents exist, by id. */
  thenDocuments(expected: Readonly<Record<string, DocumentOf<P>>>): Verdict<ProjectionScenario<P>> {
    const run = (): Promise<void> =>
      this.#play(async app => compareDocuments(expected, await this.#documents(app, Object.keys(expected))));
    return new Verdict(run, () => this, mustBeAwaited(this.#projectorClass.name));
  }

  async #play(check: (app: App) => Promise<void>): Promise<void> {
    const clock = new VirtualClock();
    const events = [...handlersOf(this.#projectorClass).map(handler => handler.eventClass), ...this.#events];
    const app = await createApp({
      store: memory(),
      modules: [defineModule({ projectors: [this.#projectorClass], events: [...new Set(events)] })],
      clock,
      ids: new SequentialIds(),
      logger: silentLogger,
    });
    try {
      for (const step of this.#steps) await step(app, clock);
      await app.projections.catchUp();
      await this.#refuseParked(app);
      await check(app);
    } finally {
      await app.stop();
    }
  }

  /* In production the rest would go on; here the event that fails is what the reader wants to know. */
  async #refuseParked(app: App): Promise<void> {
    const [first] = await app.projections.parked(this.#projectorClass);
    if (first === undefined) return;
    const event = `The event at position ${first.position}, key ${JSON.stringify(first.key)}`;
    throw new ScenarioFailed(`${event}, was not handled.\n\n  ${first.error}`);
  }

  async #documents(app: App, ids: readonly string[]): Promise<Record<string, unknown>> {
    const readModel = app.readModels.of(this.#projectorClass);
    if (projectorInfoOf(this.#projectorClass)?.mode === 'live')
      return Object.fromEntries(await readModel.getMany(ids));
    const found = await readModel.find({ limit: 10_000 });
    return Object.fromEntries(found.map(({ id, document }) => [id, document]));
  }

  #with(step: Step, events: readonly Class[] = []): ProjectionScenario<P> {
    return new ProjectionScenario(this.#projectorClass, [...this.#steps, step], [...this.#events, ...events]);
  }
}

/**
 * Tells what documents a projector makes of events.
 *
 *     test('adds up', () =>
 *       projectionFor(Balances).on('acc-1', new MoneyDeposited(30)).thenDocuments({ 'acc-1': { balance: 30 } }));
 */
export function projectionFor<P extends DocumentProjector<object>>(
  projectorClass: Class<P>,
): ProjectionScenario<P> {
  return new ProjectionScenario(projectorClass, [], []);
}

async function append(app: App, aggregateId: string, events: readonly object[]): Promise<void> {
  for (const event of events) {
    const aggregateType = (eventTypeOf(classOf(event))?.name ?? '').split('.')[0] ?? '';
    const newEvent = app.serializer.serialize(event);
    await app.events.append({
      stream: { aggregateType, aggregateId },
      expectedVersion: 'any',
      events: [newEvent],
    });
  }
}

function compareDocuments(expected: object, actual: object): void {
  const wrong = differences(expected, actual);
  if (wrong.length === 0) return;
  const lines = wrong.map(
    field => `  ${field.path}: expected ${show(field.expected)}, got ${show(field.actual)}`,
  );
  throw new ScenarioFailed(['The documents are not as expected.', '', ...lines].join('\n'));
}
