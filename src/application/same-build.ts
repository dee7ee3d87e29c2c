import type { ProjectionId } from './ports/projection-states.ts';

/** Whether two ids name the same build of the same projection. */
export function isSameBuild(left: ProjectionId, right: ProjectionId): boolean {
  return left.name === right.name && left.version === right.version && left.generation === right.generation;
}
