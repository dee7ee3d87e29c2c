import type { FeedPage } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ProjectionState } from '../application/ports/projection-states.ts';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import { Backoff } from '../application/subscriptions/backoff.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { PageHandler } from './page-handler.ts';
import { pageThrough } from './page-through.ts';
import type { Projection } from './projection.ts';
import { NotCaughtUp } from './projection-errors.ts';

// Meanwhile nobody else reacts, so it is not to take long.
const maxEvents = 5_000;

/** What reacts, to what. */
export interface Reactions {
  readonly projection: Projection;
  /** Paused, so that no runner claims its shards. */
  readonly build: ProjectionState;
  readonly readModels: ReadModelStore;
  readonly logger: Logger;
}

/**
 * Brings the shards of a build of reactions to the position of the one furthest ahead, as their runners would.
 *
 * @throws {NotCaughtUp} there is too much to do
 * @throws {CheckpointMoved} somebody has changed the build meanwhile
 */
export async function levelReactions(reactions: Reactions): Promise<void> {
  const { projection, build, readModels } = reactions;
  const target = Math.max(...build.shards.map(({ position }) => position));
  let left = maxEvents;
  for (const { shard, position, epoch } of build.shards) {
    const { name, version, generation } = build;
    const claimed = { name, version, generation, shard, epoch };
    const work = { projection, shard: claimed, shards: build.shards.length };
    const pages = new PageHandler(work, readModels, reactions.logger);
    for (let from = position; from < target;) {
      const page = await readModels.transaction(transaction =>
        pageThrough(target, from, projection, transaction),
      );
      left -= page.events.length;
      if (left < 0) throw new NotCaughtUp(name, position, target);
      await handle(pages, page, { from, attempts: projection.failure.attempts });
      from = page.throughPosition;
    }
  }
}

async function handle(
  pages: PageHandler,
  page: FeedPage,
  { from, attempts }: { from: number; attempts: number },
): Promise<void> {
  const backoff = new Backoff();
  for (let attempt = 1; ; attempt++) {
    const options = { from, isLastAttempt: attempt === attempts, eventsPerSecond: 0 };
    try {
      if (page.events.length === 0) await pages.handle(page, options);
      else await pages.react(page, options);
      return;
    } catch (error) {
      if (options.isLastAttempt || pages.isTransient(error)) throw error;
      await new WakeUp().wait(backoff.nextMs());
    }
  }
}
