import type {
  DiscardReason,
  EventToPark,
  FirstParked,
  ParkedEvents,
  ParkedKey,
  Place,
} from '../../application/ports/parked-events.ts';
import { placeOf } from '../../application/ports/parked-events.ts';
import type { ProjectionId, ShardId } from '../../application/ports/projection-states.ts';
import { boolArray, int4Array, int8Array, textArray } from './binary-arrays.ts';
import type { SqlParameter, SqlRow, SqlRunner } from './sql-client.ts';
import { keyOf } from './sql-projection-states.ts';
import type { Statements } from './statements.ts';

/** Parked events in a table beside the checkpoints. */
export class SqlParkedEvents implements ParkedEvents {
  readonly #runner: SqlRunner;
  readonly #statements: Statements;

  constructor(runner: SqlRunner, statements: Statements) {
    this.#runner = runner;
    this.#statements = statements;
  }

  async countByKey(shard: ShardId): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#run('count_parked_by_key', shard, []);
    return new Map(rows.map(([key, count]) => [key!, Number(count)]));
  }

  async first(shard: ShardId, key: string): Promise<FirstParked | undefined> {
    const [row] = await this.#run('first_parked', shard, [key]);
    return row && { position: Number(row[0]), isWhole: row[1] === '1' };
  }

  async park(shard: ShardId, events: readonly EventToPark[]): Promise<void> {
    await this.#run('park_events', shard, [
      textArray(events.map(event => event.key)),
      int8Array(events.map(event => event.position)),
      boolArray(events.map(event => event.isWhole)),
      textArray(events.map(event => event.error)),
      int4Array(events.map(event => event.attempts)),
    ]);
  }

  async remove(shard: ShardId, key: string, position: number): Promise<void> {
    await this.#run('remove_parked', shard, [key, position]);
  }

  async noteFailure(shard: ShardId, key: string, position: number, error: string): Promise<void> {
    await this.#run('note_parked_failure', shard, [key, position, error]);
  }

  async discard(
    shard: ShardId,
    key: string,
    throughPosition: number,
    { reason, by }: DiscardReason,
  ): Promise<number> {
    return (
      await this.#run('discard_parked', shard, [
        key,
        reason,
        by,
        Math.min(throughPosition, Number.MAX_SAFE_INTEGER),
      ])
    ).length;
  }

  async giveUp(
    projection: ProjectionId,
    { key, position, error }: EventToPark,
    { reason, by }: DiscardReason,
  ): Promise<void> {
    const parameters = [...keyOf(projection), key, position, error, reason, by];
    await this.#runner.run(this.#statements.get('note_discarded'), parameters);
  }

  async givenUp(projection: ProjectionId, positions: readonly number[]): Promise<ReadonlySet<string>> {
    const parameters = [...keyOf(projection), int8Array(positions)];
    const rows = await this.#runner.run(this.#statements.get('discarded_positions'), parameters);
    return new Set(rows.map(([position, key]) => placeOf({ position: Number(position), key: key! })));
  }

  async inherit(projection: ProjectionId, events: readonly Place[]): Promise<void> {
    await this.#runner.run(this.#statements.get('inherit_discarded'), [
      ...keyOf(projection),
      int8Array(events.map(({ position }) => position)),
      textArray(events.map(({ key }) => key)),
    ]);
  }

  #run(
    statement: Parameters<Statements['get']>[0],
    shard: ShardId,
    parameters: readonly SqlParameter[],
  ): Promise<readonly SqlRow[]> {
    return this.#runner.run(this.#statements.get(statement), [...keyOf(shard), shard.shard, ...parameters]);
  }
}

/** A row of `list_parked`. */
export function readParkedKey([shard, key, position, error, attempts, parkedAtMs, count]: SqlRow): ParkedKey {
  return {
    shard: Number(shard),
    key: key!,
    position: Number(position),
    error: error ?? '',
    attempts: Number(attempts),
    parkedAt: new Date(Number(parkedAtMs)),
    count: Number(count),
  };
}
