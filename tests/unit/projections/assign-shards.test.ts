import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assignShards } from '../../../src/projections/assign-shards.ts';
import type { Assignment, ShardToAssign } from '../../../src/projections/assign-shards.ts';

const nodeNames = ['a', 'b', 'c', 'd', 'e'];

interface World {
  readonly nodes: readonly string[];
  readonly shards: readonly ShardToAssign[];
}

/* Shards of several builds; an owner may be dead, which is to say no candidate. */
function worlds(canAllRunAll: boolean): fc.Arbitrary<World> {
  return fc.subarray(nodeNames, { minLength: canAllRunAll ? 1 : 0 }).chain(nodes => {
    const candidates = canAllRunAll ? fc.constant(nodes) : fc.subarray([...nodes]);
    const shard = fc.record({
      name: fc.constantFrom('balances', 'amounts', 'mailer'),
      version: fc.constantFrom(1, 2),
      generation: fc.constantFrom(1, 2),
      shard: fc.nat(7),
      owner: fc.option(fc.constantFrom(...nodeNames), { nil: undefined }),
      candidates: candidates.chain(some =>
        fc.shuffledSubarray(some, { minLength: some.length, maxLength: some.length }),
      ),
    });
    const selector = ({ name, version, generation, shard: number }: ShardToAssign): string =>
      [name, version, generation, number].join();
    return fc.uniqueArray(shard, { maxLength: 24, selector }).map((shards): World => ({ nodes, shards }));
  });
}

function loadsOf(nodes: readonly string[], owners: Iterable<string>): Map<string, number> {
  const loads = new Map(nodes.map(node => [node, 0]));
  for (const node of owners) loads.set(node, loads.get(node)! + 1);
  return loads;
}

function ownedBefore({ nodes, shards }: World): string[] {
  return shards.flatMap(({ owner }) => (owner !== undefined && nodes.includes(owner) ? [owner] : []));
}

function movesOf(assignment: Assignment, { nodes }: World): number {
  return [...assignment].filter(
    ([{ owner }, node]) => owner !== undefined && nodes.includes(owner) && owner !== node,
  ).length;
}

/* Of all even spreads the one that takes least away: the busiest nodes get the shards that do not divide. */
function fewestMoves(world: World): number {
  const before = [...loadsOf(world.nodes, ownedBefore(world)).values()].sort((left, right) => right - left);
  const even = Math.floor(world.shards.length / world.nodes.length);
  const rest = world.shards.length % world.nodes.length;
  return before.reduce((moves, load, index) => moves + Math.max(0, load - even - (index < rest ? 1 : 0)), 0);
}

describe('assignShards', () => {
  test('spreads within one of even where every node can run everything', () => {
    fc.assert(
      fc.property(worlds(true), world => {
        const assignment = assignShards(world.shards);
        expect(assignment.size).toBe(world.shards.length);
        const loads = [...loadsOf(world.nodes, assignment.values()).values()];
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('takes no more shards away from living nodes than that needs', () => {
    fc.assert(
      fc.property(worlds(true), world => {
        expect(movesOf(assignShards(world.shards), world)).toBe(fewestMoves(world));
      }),
    );
  });

  test('comes to the same whatever the order in which facts are given', () => {
    const twice = worlds(false).chain(({ shards }) =>
      fc.record({
        shards: fc.constant(shards),
        shuffled: fc.shuffledSubarray([...shards], { minLength: shards.length, maxLength: shards.length }),
      }),
    );
    fc.assert(
      fc.property(twice, ({ shards, shuffled }) => {
        const reversed = shuffled.map(shard => ({ ...shard, candidates: [...shard.candidates].reverse() }));
        const byName = (assignment: Assignment): string[] =>
          [...assignment]
            .map(([{ name, version, generation, shard }, node]) =>
              [name, version, generation, shard, node].join(),
            )
            .sort();
        expect(byName(assignShards(reversed))).toEqual(byName(assignShards(shards)));
      }),
    );
  });

  test('gives a shard to nodes that can run it, and to nobody if none can', () => {
    fc.assert(
      fc.property(worlds(false), ({ shards }) => {
        const assignment = assignShards(shards);
        for (const shard of shards) {
          const node = assignment.get(shard);
          if (shard.candidates.length === 0) expect(node).toBeUndefined();
          else expect(shard.candidates).toContain(node);
        }
      }),
    );
  });

  test('changes nothing any more once everybody has done as it says', () => {
    fc.assert(
      fc.property(worlds(false), ({ shards }) => {
        const assignment = assignShards(shards);
        const settled = shards.map(shard => ({ ...shard, owner: assignment.get(shard) }));
        const again = assignShards(settled);
        for (const shard of settled) expect(again.get(shard)).toBe(shard.owner);
      }),
    );
  });
});
