import type { BuildStatus } from '../application/ports/projection-states.ts';
import { InvalidProjectorOption } from './failure-policy.ts';

/**
 * Refuses the choice of a build where an operation concerns the one of a certain kind; the type says so already.
 *
 * @throws {InvalidProjectorOption} whoever chose another would have changed this one
 */
export function refuseBuild(projector: string, options: object, concerned: BuildStatus): void {
  const { build } = options as { readonly build?: unknown };
  if (build === undefined) return;
  const rule = `no build: this concerns the ${concerned} one and no other`;
  throw new InvalidProjectorOption(projector, 'build', build, rule);
}
