import { placeOf } from '../../application/ports/parked-events.ts';
import type {
  EventToPark,
  FirstParked,
  ParkedEvents,
  ParkedKey,
  Place,
} from '../../application/ports/parked-events.ts';
import type { ProjectionId, ShardId } from '../../application/ports/projection-states.ts';

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
  read(shard: ShardId): MemoryParked;
  write(shard: ShardId, parked: MemoryParked): void;
  /** What was given up in a build or in the live one, as `placeOf` writes it. */
  givenUp(projection: ProjectionId): ReadonlySet<string>;
  giveUp(projection: ProjectionId, place: string): void;
}

/** No events, never any parked. */
export const nothingParked: MemoryParked = { revision: 0, events: [] };

/** The parked events of projections in a transaction in memory. */
export class MemoryParkedEvents implements ParkedEvents {
  readonly #access: MemoryParkedAccess;

  constructor(access: MemoryParkedAccess) {
    this.#access = access;
  }

  async countByKey(shard: ShardId): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const { key } of this.#access.read(shard).events) counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts;
  }

  async first(shard: ShardId, key: string): Promise<FirstParked | undefined> {
    const event = this.#access.read(shard).events.find(other => other.key === key);
    return event && { position: event.position, isWhole: event.isWhole };
  }

  async park(shard: ShardId, events: readonly EventToPark[]): Promise<void> {
    const parkedAt = new Date();
    this.#change(shard, parked => {
      const isNew = ({ key, position }: EventToPark): boolean =>
        !parked.some(other => other.key === key && other.position === position);
      const all = [...parked, ...events.filter(isNew).map(event => ({ ...event, parkedAt }))];
      return all.sort((left, right) => left.position - right.position);
    });
  }

  async remove(shard: ShardId, key: string, position: number): Promise<void> {
    this.#change(shard, parked => parked.filter(event => event.key !== key || event.position !== position));
  }

  async noteFailure(shard: ShardId, key: string, position: number, error: string): Promise<void> {
    this.#change(shard, parked =>
      parked.map(event =>
        event.key === key && event.position === position
          ? { ...event, error, attempts: event.attempts + 1 }
          : event,
      ),
    );
  }

  async discard(shard: ShardId, key: string, throughPosition: number): Promise<number> {
    const isGivenUp = (event: EventToPark): boolean => event.key === key && event.position <= throughPosition;
    const givenUp = this.#access.read(shard).events.filter(isGivenUp);
    for (const event of givenUp) this.#access.giveUp(shard, placeOf(event));
    this.#change(shard, parked => parked.filter(event => !isGivenUp(event)));
    return givenUp.length;
  }

  async giveUp(projection: ProjectionId, event: EventToPark): Promise<void> {
    this.#access.giveUp(projection, placeOf(event));
  }

  async givenUp(projection: ProjectionId, positions: readonly number[]): Promise<ReadonlySet<string>> {
    const isAsked = (place: string): boolean => positions.includes(Number.parseInt(place, 10));
    return new Set([...this.#access.givenUp(projection)].filter(isAsked));
  }

  async inherit(projection: ProjectionId, events: readonly Place[]): Promise<void> {
    for (const event of events) this.#access.giveUp(projection, placeOf(event));
  }

  #change(
    shard: ShardId,
    change: (parked: readonly MemoryParkedEvent[]) => readonly MemoryParkedEvent[],
  ): void {
    const { revision, events } = this.#access.read(shard);
    this.#access.write(shard, { revision: revision + 1, events: change(events) });
  }
}

/** The first event of each key, with the number of those that wait. */
export function parkedKeys({ events }: MemoryParked, shard: number): readonly ParkedKey[] {
  const byKey = new Map<string, ParkedKey>();
  for (const { key, position, error, attempts, parkedAt } of events) {
    const first = byKey.get(key) ?? {
      shard,
      key,
      position,
      error: error ?? '',
      attempts,
      parkedAt,
      count: 0,
    };
    byKey.set(key, { ...first, count: first.count + 1 });
  }
  return [...byKey.values()];
}
