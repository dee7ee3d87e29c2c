import type { ClaimedShard } from '../../src/application/ports/projection-states.ts';
import type { ReadModelStore } from '../../src/application/ports/read-model-store.ts';

/** Every shard there is, in its epoch: what a node that looks now may claim. */
export async function lookAt(readModels: ReadModelStore): Promise<ClaimedShard[]> {
  const { projections } = await readModels.readStates();
  return projections.flatMap(({ name, version, generation, shards }) =>
    shards.map(({ shard, epoch }) => ({ name, version, generation, shard, epoch })),
  );
}
