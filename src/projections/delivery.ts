import { formatStream } from '../domain/index.ts';
import type { Recorded } from '../domain/index.ts';
import type { ShardId } from '../application/ports/projection-states.ts';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Projection, WantedKeys } from './projection.ts';
import { shardOf } from './shard-of.ts';

/** An event on its way to one of its keys. */
export interface Delivery {
  readonly event: Recorded;
  readonly key: string;
  /** Whether it goes to all keys of the event, because nobody could tell them. */
  readonly isWhole: boolean;
}

/**
 * The ways that events have to go, in order.
 *
 * @param isWanted - the keys that are this shard's; an event that nobody can read concerns every shard
 */
export function deliveriesOf(
  projection: Projection,
  events: readonly Recorded[],
  isWanted: WantedKeys | undefined,
): readonly Delivery[] {
  return events.flatMap((event): readonly Delivery[] => {
    try {
      const keys = projection.keysOf(event).filter(key => isWanted?.(event, key) ?? true);
      return keys.map(key => ({ event, key, isWhole: false }));
    } catch {
      // Handling it fails for the same reason, and tells it then.
      return [{ event, key: formatStream(event), isWhole: true }];
    }
  });
}

/** A shard to write to, and which keys are its own. */
export interface ShardTarget {
  readonly id: ShardId;
  /** Undefined for all of them. */
  readonly isWanted: WantedKeys | undefined;
}

/** The shard of this number, of so many. */
export function shardTarget(id: ShardId, shards: number): ShardTarget {
  const isWanted: WantedKeys = (_event, key) => shardOf(key, shards) === id.shard;
  return { id, isWanted: shards === 1 ? undefined : isWanted };
}

/** Has a projection handle events for the given keys, and for no others. */
export async function deliver(
  projection: Projection,
  deliveries: readonly Delivery[],
  transaction: ReadModelTransaction,
  { id, isWanted = () => true }: ShardTarget,
): Promise<void> {
  const keys = new Map<Recorded, Set<string> | 'all'>();
  for (const { event, key, isWhole } of deliveries) {
    const known = keys.get(event);
    if (isWhole) keys.set(event, 'all');
    else if (known === undefined) keys.set(event, new Set([key]));
    else if (known !== 'all') known.add(key);
  }
  await projection.project([...keys.keys()], transaction, id, (event, key) => {
    const wanted = keys.get(event);
    return wanted === 'all' ? isWanted(event, key) : wanted?.has(key) === true;
  });
}
