import type { ShardId } from '../application/ports/projection-states.ts';

/** A shard that has to run somewhere. */
export interface ShardToAssign extends ShardId {
  /** The node that runs it now; undefined if none that is alive does. */
  readonly owner: string | undefined;
  /** The nodes that are alive and have its code. */
  readonly candidates: readonly string[];
}

/** Which node is to run which shard. */
export type Assignment = ReadonlyMap<ShardToAssign, string>;

/**
 * Spreads shards over nodes.
 *
 * Every node computes this for itself from the same facts and comes to the same result, so they need not talk to each
 * other. Shards stay where they are as far as possible: free ones go to the node with the fewest, and a shard moves
 * only from a node that has at least two more than another; the busiest give first, or more would move than need to.
 */
export function assignShards(shards: readonly ShardToAssign[]): Assignment {
  const sorted = [...shards].sort(byName);
  const loads = new Loads();
  for (const shard of sorted) {
    if (shard.owner !== undefined && shard.candidates.includes(shard.owner)) loads.give(shard, shard.owner);
  }
  for (const shard of sorted) {
    if (!loads.owners.has(shard) && shard.candidates.length > 0) loads.give(shard, loads.freest(shard));
  }
  for (let moved = true; moved;) {
    moved = loads.busiestFirst(sorted).some(shard => loads.relieve(shard));
  }
  return loads.owners;
}

class Loads {
  readonly owners = new Map<ShardToAssign, string>();
  readonly #shardsOfNode = new Map<string, Set<ShardToAssign>>();

  give(shard: ShardToAssign, node: string): void {
    this.#of(this.owners.get(shard) ?? '').delete(shard);
    this.owners.set(shard, node);
    this.#of(node).add(shard);
  }

  /* Of equally busy nodes the one with the fewest shards of the same projection, so that these run side by side. */
  freest(shard: ShardToAssign): string {
    const [first] = [...shard.candidates].sort(
      (left, right) =>
        this.#of(left).size - this.#of(right).size ||
        this.#siblings(shard, left) - this.#siblings(shard, right) ||
        compare(left, right),
    );
    return first!;
  }

  busiestFirst(shards: readonly ShardToAssign[]): readonly ShardToAssign[] {
    const load = (shard: ShardToAssign): number => this.#of(this.owners.get(shard) ?? '').size;
    return [...shards].sort((left, right) => load(right) - load(left));
  }

  relieve(shard: ShardToAssign): boolean {
    const owner = this.owners.get(shard);
    if (owner === undefined) return false;
    const freest = this.freest(shard);
    if (this.#of(owner).size < this.#of(freest).size + 2) return false;
    this.give(shard, freest);
    return true;
  }

  #siblings({ name }: ShardToAssign, node: string): number {
    return [...this.#of(node)].filter(other => other.name === name).length;
  }

  #of(node: string): Set<ShardToAssign> {
    const shards = this.#shardsOfNode.get(node) ?? new Set<ShardToAssign>();
    this.#shardsOfNode.set(node, shards);
    return shards;
  }
}

function byName(left: ShardId, right: ShardId): number {
  return (
    compare(left.name, right.name) ||
    left.version - right.version ||
    left.generation - right.generation ||
    left.shard - right.shard
  );
}

/* Not by locale, which may differ from node to node. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
