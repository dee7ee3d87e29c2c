import { randomUUID } from 'node:crypto';
import type { ProjectionId, ReadModelStore } from '../application/ports/read-model-store.ts';

// Longer than any step under a lease takes; a node that died keeps others away for no longer.
const leaseMs = 60_000;

/** Runs `work` while no other node runs work under the same lock. It has to call `prolong` after each step. */
export async function runAlone<T>(
  readModels: ReadModelStore,
  lock: ProjectionId,
  refusal: () => Error,
  work: (prolong: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const owner = randomUUID();
  const prolong = async (): Promise<void> => {
    if ((await readModels.claim(lock, owner, leaseMs)) === undefined) throw refusal();
  };
  await readModels.prepare(lock, {}, 0);
  await prolong();
  try {
    return await work(prolong);
  } finally {
    await readModels.release(lock, owner);
  }
}
