import { loadPeer } from '../harness/load-peer.ts';
import type { SampleEvent } from '../harness/workload.ts';
import { poolSize } from './event-log.ts';
import type { EventLog } from './event-log.ts';

interface GroupedEvent {
  context: { readonly eventStoreId: string };
}

interface CastoreAdapter {
  groupEvent(event: object): GroupedEvent;
  pushEventGroup(options: object, ...events: readonly GroupedEvent[]): Promise<unknown>;
}

interface CastorePackage {
  readonly PostgresEventStorageAdapter: {
    new (options: { readonly connectionString: string }): CastoreAdapter;
    createEventTable(options: object): Promise<unknown>;
  };
}

/** Castore's PostgreSQL adapter; several events of one append are its "event group". */
export class CastoreLog implements EventLog {
  readonly #adapter: CastoreAdapter;

  private constructor(adapter: CastoreAdapter) {
    this.#adapter = adapter;
  }

  static async open(url: string): Promise<CastoreLog> {
    const castore = await loadPeer<CastorePackage>('@castore/event-storage-adapter-postgres');
    // Its driver takes the size of its pool from the address, and has no other place for it.
    const connectionString = `${url}?max=${poolSize}`;
    const aggregateId = { type: 'VARCHAR', length: 64 };
    await castore.PostgresEventStorageAdapter.createEventTable({ connectionString, aggregateId });
    return new CastoreLog(new castore.PostgresEventStorageAdapter({ connectionString }));
  }

  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<unknown> {
    const group = events.map((event, index) => this.#grouped(streamId, version + 1 + index, event));
    return this.#adapter.pushEventGroup({}, ...group);
  }

  #grouped(aggregateId: string, version: number, event: SampleEvent): GroupedEvent {
    const grouped = this.#adapter.groupEvent({ aggregateId, version, ...event });
    grouped.context = { eventStoreId: 'account' };
    return grouped;
  }

  /* The adapter has no way to close its connections; dropping the database does. */
  async [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
