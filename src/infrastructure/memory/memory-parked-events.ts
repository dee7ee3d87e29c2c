import type {
  DiscardReason,
  EventToPark,
  FirstParked,
  ParkedEvents,
  ParkedKey,
} from '../../application/ports/parked-events.ts';
import type { ProjectionId } from '../../application/ports/read-model-store.ts';

/** A parked event in memory. */
export interface MemoryParkedEvent extends EventToPark {
  readonly parkedAt: Date;
}

/** The parked events of one projection; replaced as a whole by whatever changes them. */
export interface MemoryParked {
  readonly revision: number;
  /** In position order. */
  readonly events: readonly MemoryParkedEvent[];
}

/** Reads and replaces the parked events of a projection within a transaction. */
export interface MemoryParkedAccess {
  read(projection: ProjectionId): MemoryParked;
  write(projection: ProjectionId, parked: MemoryParked): void;
}

/** No events, never any parked. */
export const nothingParked: MemoryParked = { revision: 0, events: [] };

/** The parked events of projections in a transaction in memory. */
export class MemoryParkedEvents implements ParkedEvents {
  readonly #access: MemoryParkedAccess;

  constructor(access: MemoryParkedAccess) {
    this.#access = access;
  }

  async countByKey(projection: ProjectionId): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { key } of this.#access.read(projection).events) counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts;
  }

  async first(projection: ProjectionId, key: string): Promise<FirstParked | undefined> {
    return this.#access.read(projection).events.find(event => event.key === key);
  }

  async park(projection: ProjectionId, events: readonly EventToPark[]): Promise<void> {
    const parkedAt = new Date();
    this.#change(projection, parked => {
      const isNew = ({ key, position }: EventToPark): boolean =>
        !parked.some(other => other.key === key && other.position === position);
      const all = [...parked, ...events.filter(isNew).map(event => ({ ...event, parkedAt }))];
      return all.sort((left, right) => left.position - right.position);
    });
  }

  async remove(projection: ProjectionId, key: string, position: number): Promise<void> {
    this.#change(projection, parked =>
      parked.filter(event => event.key !== key || event.position !== position),
    );
  }

  async noteFailure(projection: ProjectionId, key: string, position: number, error: string): Promise<void> {
    this.#change(projection, parked =>
      parked.map(event =>
        event.key === key && event.position === position
          ? { ...event, error, attempts: event.attempts + 1 }
          : event,
      ),
    );
  }

  /* What memory holds ends with the process, so the log is record enough. */
  async discard(projection: ProjectionId, key: string, _reason: DiscardReason): Promise<number> {
    const before = this.#access.read(projection).events.length;
    this.#change(projection, parked => parked.filter(event => event.key !== key));
    return before - this.#access.read(projection).events.length;
  }

  #change(
    projection: ProjectionId,
    change: (parked: readonly MemoryParkedEvent[]) => readonly MemoryParkedEvent[],
  ): void {
    const { revision, events } = this.#access.read(projection);
    this.#access.write(projection, { revision: revision + 1, events: change(events) });
  }
}

/** The first event of each key, with the number of those that wait. */
export function parkedKeys({ events }: MemoryParked): readonly ParkedKey[] {
  const byKey = new Map<string, ParkedKey>();
  for (const { key, position, error, attempts, parkedAt } of events) {
    const first = byKey.get(key) ?? { key, position, error: error ?? '', attempts, parkedAt, count: 0 };
    byKey.set(key, { ...first, count: first.count + 1 });
  }
  return [...byKey.values()];
}
