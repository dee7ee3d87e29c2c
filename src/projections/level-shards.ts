import type { Logger } from '../application/ports/logger.ts';
import type { ProjectionState } from '../application/ports/projection-states.ts';
import type { ReadModelStore, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { BatchParking } from './batch-parking.ts';
import { PageHandler } from './page-handler.ts';
import { pageThrough } from './page-through.ts';
import type { Projection } from './projection.ts';
import { NotCaughtUp } from './projection-errors.ts';

// While shards are levelled their runners stand still, and appends too where they write to the projection.
const maxEvents = 5_000;

/**
 * Brings all shards of a build to one position, within a transaction that has locked their checkpoints.
 *
 * @param target - a position that at least one build of the projection has reached, or the last one while no append
 *   can be under way: what is at or below it is committed
 * @returns what was parked, to be reported once it is committed
 * @throws {NotCaughtUp} there is too much to do for one transaction
 */
export async function levelShards(
  transaction: ReadModelTransaction,
  { projection, build, target }: { projection: Projection; build: ProjectionState; target: number },
  { readModels, logger }: { readModels: ReadModelStore; logger: Logger },
): Promise<readonly BatchParking[]> {
  const parkings: BatchParking[] = [];
  let left = maxEvents;
  const { name, version, generation } = build;
  for (const { shard, position, epoch, eventsPerSecond } of build.shards) {
    const claimed = { name, version, generation, shard, epoch };
    const pages = new PageHandler(
      { projection, shard: claimed, shards: build.shards.length },
      readModels,
      logger,
    );
    for (let from = position; from < target;) {
      const page = await pageThrough(target, from, projection, transaction);
      left -= page.events.length;
      if (left < 0) throw new NotCaughtUp(name, position, target);
      parkings.push(
        await pages.handleWithin(transaction, page, { from, isLastAttempt: true, eventsPerSecond }),
      );
      from = page.throughPosition;
    }
  }
  return parkings;
}
