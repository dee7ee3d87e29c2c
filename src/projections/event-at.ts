import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Recorded } from '../domain/index.ts';
import type { Projection } from './projection.ts';

/** The event that is stored at a position, settled or not; undefined if there is none of a type that is handled. */
export async function eventAt(
  position: number,
  { types }: Projection,
  transaction: ReadModelTransaction,
): Promise<Recorded | undefined> {
  const [event] = await transaction.readEvents(position - 1, types, 1);
  return event?.position === position ? event : undefined;
}
