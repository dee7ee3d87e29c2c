import type { FeedPage } from '../application/ports/event-store.ts';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';

/**
 * The next page on the way to a position below which nothing can appear any more, because some process has seen it
 * settled. This process may know less, so its own feed is not asked.
 *
 * @returns `isLast` if it ends at the target
 */
export async function pageThrough(
  target: number,
  from: number,
  { types, batchSize }: Pick<Projection, 'types' | 'batchSize'>,
  transaction: Pick<ReadModelTransaction, 'readEvents'>,
): Promise<FeedPage> {
  const read = await transaction.readEvents(from, types, batchSize);
  const events = read.filter(event => event.position <= target);
  const isLast = read.length < batchSize || events.length < read.length;
  return { events, throughPosition: isLast ? target : events.at(-1)!.position, isLast };
}
