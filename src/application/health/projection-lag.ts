import type { ProjectionLag, ShardLag } from '../ports/store-health.ts';

/** What is known of a build beside its shards. */
export type BuildFacts = Pick<
  ProjectionLag,
  'name' | 'version' | 'generation' | 'appendedPerSecond' | 'parked'
>;

/** The lag of a build, told from its shards, of which there is one at least: that of the slowest. */
export function lagOfShards(build: BuildFacts, shards: readonly ShardLag[]): ProjectionLag {
  const slowest = shards.reduce((one, other) => (other.position < one.position ? other : one));
  const { position, events, lagMs, stillMs } = slowest;
  return { ...build, position, events, lagMs, stillMs, shards };
}
