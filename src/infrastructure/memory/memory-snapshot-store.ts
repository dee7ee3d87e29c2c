import { formatStream } from '../../domain/index.ts';
import type { StreamId } from '../../domain/index.ts';
import type { Snapshot, SnapshotStore } from '../../application/ports/snapshot-store.ts';

/** Keeps snapshots in memory. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly #snapshots = new Map<string, Snapshot>();

  async find(stream: StreamId, snapshotVersion: number, atMost = Infinity): Promise<Snapshot | undefined> {
    const snapshot = this.#snapshots.get(keyOf({ stream, snapshotVersion }));
    return snapshot !== undefined && snapshot.version <= atMost ? snapshot : undefined;
  }

  async save(snapshot: Snapshot): Promise<void> {
    const before = this.#snapshots.get(keyOf(snapshot));
    if (before !== undefined && before.version > snapshot.version) return;
    this.#snapshots.set(keyOf(snapshot), Object.freeze({ ...snapshot }));
  }

  async remove(snapshot: Pick<Snapshot, 'stream' | 'snapshotVersion' | 'eventId'>): Promise<void> {
    const key = keyOf(snapshot);
    if (this.#snapshots.get(key)?.eventId === snapshot.eventId) this.#snapshots.delete(key);
  }
}

function keyOf({ stream, snapshotVersion }: Pick<Snapshot, 'stream' | 'snapshotVersion'>): string {
  return `${snapshotVersion} ${formatStream(stream)}`;
}
