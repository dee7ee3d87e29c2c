import type {
  DiscardReason,
  EventToPark,
  FirstParked,
  ParkedCount,
  ParkedEvents,
  ParkedKey,
} from '../../application/ports/parked-events.ts';
import type { ProjectionId } from '../../application/ports/read-model-store.ts';
import { boolArray, int4Array, int8Array, textArray } from './binary-arrays.ts';
import type { SqlRow, SqlRunner } from './sql-client.ts';
import type { Statements } from './statements.ts';

/** Parked events in a table beside the checkpoints. */
export class SqlParkedEvents implements ParkedEvents {
  readonly #runner: SqlRunner;
  readonly #statements: Statements;

  constructor(runner: SqlRunner, statements: Statements) {
    this.#runner = runner;
    this.#statements = statements;
  }

  async countByKey({ name, version }: ProjectionId): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#runner.run(this.#statements.get('count_parked_by_key'), [name, version]);
    return new Map(rows.map(([key, count]) => [key!, Number(count)]));
  }

  async first({ name, version }: ProjectionId, key: string): Promise<FirstParked | undefined> {
    const [row] = await this.#runner.run(this.#statements.get('first_parked'), [name, version, key]);
    return row && { position: Number(row[0]), isWhole: row[1] === '1' };
  }

  async park({ name, version }: ProjectionId, events: readonly EventToPark[]): Promise<void> {
    await this.#runner.run(this.#statements.get('park_events'), [
      name,
      version,
      textArray(events.map(event => event.key)),
      int8Array(events.map(event => event.position)),
      boolArray(events.map(event => event.isWhole)),
      textArray(events.map(event => event.error)),
      int4Array(events.map(event => event.attempts)),
    ]);
  }

  async remove({ name, version }: ProjectionId, key: string, position: number): Promise<void> {
    await this.#runner.run(this.#statements.get('remove_parked'), [name, version, key, position]);
  }

  async noteFailure(
    { name, version }: ProjectionId,
    key: string,
    position: number,
    error: string,
  ): Promise<void> {
    const parameters = [name, version, key, position, error];
    await this.#runner.run(this.#statements.get('note_parked_failure'), parameters);
  }

  async discard({ name, version }: ProjectionId, key: string, reason: DiscardReason): Promise<number> {
    const parameters = [name, version, key, reason.reason, reason.by];
    return (await this.#runner.run(this.#statements.get('discard_parked'), parameters)).length;
  }
}

/** A row of `list_parked`. */
export function readParkedKey([key, position, error, attempts, parkedAtMs, count]: SqlRow): ParkedKey {
  return {
    key: key!,
    position: Number(position),
    error: error ?? '',
    attempts: Number(attempts),
    parkedAt: new Date(Number(parkedAtMs)),
    count: Number(count),
  };
}

/** A row of `count_parked`. */
export function readParkedCount([name, version, keys, events]: SqlRow): ParkedCount {
  return { name: name!, version: Number(version), keys: Number(keys), events: Number(events) };
}
