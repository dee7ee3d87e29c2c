import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import type { Builds } from './builds.ts';
import type { WaiterSources } from './checkpoint-waiter.ts';

/** The checkpoints of the builds that answer; which one that is may change while somebody waits. */
export function servingCheckpoints(builds: Builds, readModels: ReadModelStore): WaiterSources['store'] {
  return {
    // What this process knows of who writes a build is as old as its last beat; the store is asked each time.
    readCheckpoint: async projection => readModels.readCheckpoint(builds.serving(projection)),
    expectCheckpoint: (projection, position, wake) =>
      readModels.expectCheckpoint(builds.serving(projection), position, wake),
    isTransient: error => readModels.isTransient(error),
  };
}
