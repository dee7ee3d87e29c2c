import type { ProjectionState } from '../application/ports/projection-states.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { isSameBuild } from '../application/same-build.ts';
import type { Builds } from './builds.ts';
import type { Projection } from './projection.ts';
import { NoBuild, NotCaughtUp, ProjectionStopped, RebuildEnded, TooManyParked } from './projection-errors.ts';
import type { BuildOptions, Rebuilds } from './rebuilds.ts';

// How late the progress of other processes is seen.
const pollMs = 50;

/** Waits for rebuilds, whoever does them. */
export class RebuildWatch {
  readonly #rebuilds: Rebuilds;
  readonly #sources: { readonly builds: Builds; readonly stopping: AbortSignal };
  readonly #errorOf: (build: ProjectionState) => unknown;

  /** @param errorOf - why this process does not get on with a build */
  constructor(
    rebuilds: Rebuilds,
    sources: { builds: Builds; stopping: AbortSignal },
    errorOf: (build: ProjectionState) => unknown,
  ) {
    this.#rebuilds = rebuilds;
    this.#sources = sources;
    this.#errorOf = errorOf;
  }

  /**
   * Returns when a build has been swapped; or, where it does not swap by itself, when it could be.
   *
   * @throws {RebuildEnded} it never will, or not while this process waits
   */
  async untilBuilt(projection: Projection, generation: number, options: BuildOptions): Promise<void> {
    const { builds, stopping } = this.#sources;
    const { name, version } = projection;
    const id = { name, version, generation };
    for (;;) {
      await builds.refresh();
      const build = builds.view.projections.find(candidate => isSameBuild(candidate, id));
      if (build?.status === 'live') return;
      if (build?.status !== 'building') throw new RebuildEnded(name, 'was cancelled');
      if (build.shards.some(shard => shard.condition === 'stopped')) {
        throw new RebuildEnded(name, 'has stopped', { cause: this.#errorOf(build) });
      }
      const isReady = await this.#rebuilds.isReady(projection, builds.view.projections);
      if (isReady && (await this.#hasEnded(projection, options))) return;
      await new WakeUp().wait(pollMs, stopping);
      if (stopping.aborted) throw new RebuildEnded(name, 'goes on in another process, or later');
    }
  }

  async #hasEnded(
    projection: Projection,
    { swapsByItself = true, allowsParked, actor, reason }: BuildOptions,
  ): Promise<boolean> {
    try {
      if (swapsByItself) await this.#rebuilds.swap(projection, { allowsParked, actor, reason });
      else await this.#rebuilds.compare(projection, 0);
      return true;
    } catch (error) {
      // Another node may have been faster, or somebody cancelled it; which of the two shows at the next look.
      if (error instanceof NotCaughtUp || error instanceof NoBuild) return false;
      if (error instanceof ProjectionStopped || error instanceof TooManyParked)
        throw new RebuildEnded(projection.name, 'has stopped', { cause: error });
      throw error;
    }
  }
}
