import { formatStream } from '../domain/index.ts';
import type { Recorded } from '../domain/index.ts';
import type { ProjectionId, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';

/** An event on its way to one of its keys. */
export interface Delivery {
  readonly event: Recorded;
  readonly key: string;
  /** Whether it goes to all keys of the event, because nobody could tell them. */
  readonly isWhole: boolean;
}

/** The ways that events have to go, in order. */
export function deliveriesOf(projection: Projection, events: readonly Recorded[]): readonly Delivery[] {
  return events.flatMap((event): readonly Delivery[] => {
    try {
      return projection.keysOf(event).map(key => ({ event, key, isWhole: false }));
    } catch {
      // Handling it fails for the same reason, and tells it then.
      return [{ event, key: formatStream(event), isWhole: true }];
    }
  });
}

/** Has a projection handle events for the given keys, and for no others. */
export async function deliver(
  projection: Projection,
  deliveries: readonly Delivery[],
  transaction: ReadModelTransaction,
  target: ProjectionId,
): Promise<void> {
  const keys = new Map<Recorded, Set<string> | 'all'>();
  for (const { event, key, isWhole } of deliveries) {
    const known = keys.get(event);
    if (isWhole) keys.set(event, 'all');
    else if (known === undefined) keys.set(event, new Set([key]));
    else if (known !== 'all') known.add(key);
  }
  await projection.project([...keys.keys()], transaction, target, (event, key) => {
    const wanted = keys.get(event);
    return wanted === 'all' || wanted?.has(key) === true;
  });
}
