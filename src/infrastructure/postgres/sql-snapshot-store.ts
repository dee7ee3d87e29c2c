import type { StreamId } from '../../domain/index.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { Snapshot, SnapshotStore } from '../../application/ports/snapshot-store.ts';
import type { SqlClient, SqlParameter, SqlRow } from './sql-client.ts';
import { isLostConnection, isRefusedByServer } from './sql-errors.ts';
import type { Statements } from './statements.ts';

/** Snapshots in a table beside the streams. */
export class SqlSnapshotStore implements SnapshotStore {
  readonly #client: SqlClient;
  readonly #statements: Statements;

  constructor(client: SqlClient, statements: Statements) {
    this.#client = client;
    this.#statements = statements;
  }

  async find(stream: StreamId, snapshotVersion: number, atMost?: number): Promise<Snapshot | undefined> {
    const [row] = await this.#run('find_snapshot', [...keyOf(stream), snapshotVersion, atMost ?? null]);
    return row && readSnapshot(row, stream, snapshotVersion);
  }

  async save({ stream, snapshotVersion, takenAt, ...snapshot }: Snapshot): Promise<void> {
    const { version, eventId, state, checksum } = snapshot;
    const content = [version, eventId, state, checksum, takenAt.getTime()];
    await this.#run('save_snapshot', [...keyOf(stream), snapshotVersion, ...content]);
  }

  async remove({ stream, snapshotVersion, eventId }: Parameters<SnapshotStore['remove']>[0]): Promise<void> {
    await this.#run('remove_snapshot', [...keyOf(stream), snapshotVersion, eventId]);
  }

  async #run(
    name: 'find_snapshot' | 'save_snapshot' | 'remove_snapshot',
    parameters: readonly SqlParameter[],
  ): Promise<readonly SqlRow[]> {
    try {
      return await this.#client.run(this.#statements.get(name), parameters);
    } catch (error) {
      if (!isLostConnection(error) && !isRefusedByServer(error)) throw error;
      throw new StoreUnavailable('A snapshot could not be read or saved.', { cause: error });
    }
  }
}

function keyOf({ aggregateId, aggregateType }: StreamId): [string, string] {
  return [aggregateId, aggregateType];
}

function readSnapshot(row: SqlRow, stream: StreamId, snapshotVersion: number): Snapshot {
  const [version, eventId, state, checksum, takenAtMs] = row;
  return {
    ...{ stream, snapshotVersion, version: Number(version) },
    ...{ eventId: eventId!, state: state!, checksum: checksum!, takenAt: new Date(Number(takenAtMs)) },
  };
}
