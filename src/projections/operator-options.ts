import type { Who } from '../application/index.ts';
import type { Operation } from '../application/ports/operation.ts';
import type { BuildStatus } from '../application/ports/projection-states.ts';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';

/** Who operates on a build of a projector, and why. */
export interface OperatorOptions extends Who {
  /** Which build; default the one that answers for the projector here. */
  readonly build?: BuildStatus | undefined;
}

/** Records what was done to a projection. */
export async function record(
  { states }: ReadModelTransaction,
  action: string,
  { name, version }: Pick<Projection, 'name' | 'version'>,
  { actor = 'system', reason = '' }: Who,
  details?: Operation['details'],
): Promise<void> {
  await states.record({ action, name, version, actor, reason, details });
}
