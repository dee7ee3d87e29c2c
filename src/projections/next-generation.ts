import type { ProjectionState } from '../application/ports/projection-states.ts';

/** The generation that a new build of a version gets. */
export function nextGeneration(builds: readonly ProjectionState[], version: number): number {
  const generations = builds.filter(build => build.version === version).map(build => build.generation);
  return Math.max(0, ...generations) + 1;
}
