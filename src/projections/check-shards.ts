import { InvalidProjectorOption } from './failure-policy.ts';

/** More would cost a query each and help nobody. */
export const maxShards = 64;

/** @throws {InvalidProjectorOption} a projection cannot have so many shards */
export function checkShards(projector: string, shards: number): void {
  if (Number.isSafeInteger(shards) && shards >= 1 && shards <= maxShards) return;
  throw new InvalidProjectorOption(projector, 'shards', shards, `a whole number from 1 to ${maxShards}`);
}
