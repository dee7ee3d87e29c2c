import { setTimeout as pause } from 'node:timers/promises';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import { NotCaughtUp } from './projection-errors.ts';

// Appends end within milliseconds; while one does not, those that wait for the lock of this transaction go first.
const patienceMs = 100;
const lookAgainMs = 2;

/**
 * The position of the last event, at or below which nothing can appear any more; to be asked for while appends that
 * write to the projection wait.
 *
 * Those of other types go on, and those of nodes that do not write it: one that is under way may have a lower position
 * than the last event that is committed, and its event may be one that the build about to be levelled handles.
 *
 * @throws {NotCaughtUp} an append takes long
 */
export async function settledEnd(transaction: ReadModelTransaction, projection: string): Promise<number> {
  const end = await transaction.lastPosition();
  const giveUpAtMs = performance.now() + patienceMs;
  for (;;) {
    const settled = await transaction.settledPosition();
    if (settled >= end) return end;
    if (performance.now() > giveUpAtMs) throw new NotCaughtUp(projection, settled, end);
    await pause(lookAgainMs);
  }
}
