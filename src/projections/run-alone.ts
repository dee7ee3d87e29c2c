import { randomUUID } from 'node:crypto';
import type { ReadModelStore } from '../application/ports/read-model-store.ts';

// Longer than any step under a lease takes; a node that died keeps others away for no longer.
const leaseMs = 60_000;

/** Runs `work` while no other node runs work under the same name. It has to call `prolong` after each step. */
export async function runAlone<T>(
  readModels: ReadModelStore,
  name: string,
  refusal: () => Error,
  work: (prolong: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const owner = randomUUID();
  const prolong = async (): Promise<void> => {
    if (!(await readModels.takeLease(name, owner, leaseMs))) throw refusal();
  };
  await prolong();
  try {
    return await work(prolong);
  } finally {
    await readModels.endLease(name, owner);
  }
}
