import type { Class } from 'annals';
import type { Contender, Sample } from '../harness/benchmark.ts';
import { fill } from '../harness/fill.ts';
import type { ScratchDatabase } from '../harness/scratch-database.ts';
import { timedEvents } from '../harness/timed-events.ts';
import { accountModule } from './account.ts';
import { AnnalsLog } from './annals.ts';
import { EmmettLog } from './emmett.ts';
import type { EmmettProcessor } from './emmett.ts';

export const eventsPerStream = 10;
const timeoutMs = 10 * 60_000;

/** How a projector gets from the first event to the last. */
export type Catching = (database: ScratchDatabase, events: number, projector: Class) => Promise<Sample>;

/** An application starts with a projector that it did not have before, until that has caught up. */
export async function startNew(database: ScratchDatabase, events: number, projector: Class): Promise<Sample> {
  const opened: AnnalsLog[] = [];
  const sample = await timedEvents(database, events, async () => {
    const log = await AnnalsLog.onServer(database.url, [accountModule([projector])]);
    opened.push(log);
    const position = await log.events.settledPosition();
    await log.app.projections.waitFor(projector, position, { timeoutMs });
  });
  for (const log of opened) await log[Symbol.asyncDispose]();
  return sample;
}

/** A projector that has caught up is built anew. */
export async function rebuild(
  database: ScratchDatabase,
  events: number,
  projector: Class,
  shards = 1,
): Promise<Sample> {
  await using log = await AnnalsLog.onServer(database.url, [accountModule([projector])]);
  await log.app.projections.waitFor(projector, await log.events.settledPosition(), { timeoutMs });
  return await timedEvents(database, events, () => log.app.projections.rebuild(projector, { shards }));
}

/** How many events are caught up with, and by what. */
export interface AnnalsCatchUp {
  readonly events: number;
  readonly catching: Catching;
  /** A projector of a new name, so that it begins at the first event. */
  readonly projectorOf: (number: number) => Class;
  /** Looks whether the projector has done its work. */
  readonly check?: (database: ScratchDatabase, number: number) => Promise<void>;
}

/** Annals catching up on a log that is filled once. */
export function annalsCatchingUp(
  name: string,
  { events, catching, projectorOf, check }: AnnalsCatchUp,
): Contender {
  let projectors = 0;
  return {
    name,
    kind: 'annals',
    async open(database) {
      await using log = await AnnalsLog.onServer(database.url);
      await fill(log, { streams: Math.ceil(events / eventsPerStream), eventsPerStream });
      await database.run('vacuum analyze');
      return {
        async measure() {
          const sample = await catching(database, events, projectorOf(++projectors));
          await check?.(database, projectors);
          return sample;
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}

/** How often Emmett's consumer looks for events, and for how many. */
export interface Pulling {
  readonly batchSize?: number;
  readonly pullingFrequencyInMs?: number;
}

/** What was found best for it: pages of a thousand, and hardly a pause between them. */
export const bestPulling: Pulling = { batchSize: 1_000, pullingFrequencyInMs: 1 };

/** How many events Emmett's consumer catches up with, and by what. */
export interface EmmettCatchUp {
  readonly events: number;
  readonly pulling: Pulling;
  /** Adds a processor of a new name, which has to stop when `isLast` says so. */
  readonly process: EmmettProcessor;
  readonly check?: (database: ScratchDatabase, number: number) => Promise<void>;
}

/** Emmett's consumer catching up on a log that is filled once. */
export function emmettCatchingUp(
  name: string,
  { events, pulling, process, check }: EmmettCatchUp,
): Contender {
  let processors = 0;
  return {
    name,
    kind: 'peer',
    async open(database) {
      const log = await EmmettLog.open(database.url);
      // One writer: of what several have written at the same time its consumer skips a part, and never ends.
      await fill(log, { streams: Math.ceil(events / eventsPerStream), eventsPerStream, writers: 1 });
      await database.run('vacuum analyze');
      return {
        async measure() {
          const number = ++processors;
          const sample = await timedEvents(database, events, async () => {
            const consumer = log.store.consumer({ pulling });
            let seen = 0;
            await process(consumer, number, () => ++seen >= events);
            await consumer.start();
            await consumer.close();
          });
          await check?.(database, number);
          return sample;
        },
        [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
      };
    },
  };
}
