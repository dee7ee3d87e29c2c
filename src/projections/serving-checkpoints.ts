import type { ReadModelStore } from '../application/ports/read-model-store.ts';
import type { Builds } from './builds.ts';
import type { WaiterSources } from './checkpoint-waiter.ts';

/** The checkpoints of the builds that answer; which one that is may change while somebody waits. */
export function servingCheckpoints(builds: Builds, readModels: ReadModelStore): WaiterSources['store'] {
  return {
    readCheckpoint: async projection => {
      const build = builds.serving(projection);
      return build.writtenBy === 'appends' ? Infinity : readModels.readCheckpoint(build);
    },
    expectCheckpoint: (projection, position, wake) =>
      readModels.expectCheckpoint(builds.serving(projection), position, wake),
    isTransient: error => readModels.isTransient(error),
  };
}
