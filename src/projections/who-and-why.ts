import { checkIdentifier } from '../domain/identifiers.ts';
import type { Operation } from '../application/ports/operation.ts';
import type { BuildStatus } from '../application/ports/projection-states.ts';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';

/** Who does something to a projection, and why; both are recorded. */
export interface OperatorOptions {
  /** `user:{id}`, `agent:{name}` or `system`, 255 characters at most; default `system`. */
  readonly actor?: string | undefined;
  /** 1,000 characters at most. */
  readonly reason?: string | undefined;
  /** Which build; default the one that answers for the projector here. */
  readonly build?: BuildStatus | undefined;
}

/** How many characters a reason may have. */
export const longestReason = 1_000;

/** Refuses a name or a reason that could not be recorded, before anything is done. @throws {InvalidIdentifier} */
export function checkWho({ actor, reason }: OperatorOptions): void {
  if (actor !== undefined) checkIdentifier('actor', actor, 255);
  if (reason !== undefined) checkIdentifier('reason', reason, longestReason);
}

/** Records what was done to a projection. */
export async function record(
  { states }: ReadModelTransaction,
  action: string,
  { name, version }: Pick<Projection, 'name' | 'version'>,
  { actor = 'system', reason = '' }: OperatorOptions,
  details?: Operation['details'],
): Promise<void> {
  await states.record({ action, name, version, actor, reason, details });
}
