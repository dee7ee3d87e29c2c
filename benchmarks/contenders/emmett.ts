import pg from 'pg';
import { loadPeer } from '../harness/load-peer.ts';
import type { SampleEvent } from '../harness/workload.ts';
import { poolSize } from './event-log.ts';
import type { EventLog } from './event-log.ts';

/** An event as Emmett hands it to consumers and evolve functions. */
export interface EmmettEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: {
    readonly streamName: string;
    readonly streamPosition: bigint;
    readonly messageId: string;
  };
}

/** What is used of Emmett's consumer. */
export interface EmmettConsumer {
  reactor(options: {
    readonly processorId: string;
    readonly eachMessage: (event: EmmettEvent) => unknown;
    readonly stopAfter?: (event: EmmettEvent) => boolean;
  }): unknown;
  projector(options: {
    readonly processorId: string;
    readonly projection: object;
    readonly stopAfter?: (event: EmmettEvent) => boolean;
  }): unknown;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Adds a processor to a consumer that has to stop when `isLast`, asked after each event, says so. */
export type EmmettProcessor = (
  consumer: EmmettConsumer,
  number: number,
  isLast: () => boolean,
) => Promise<void> | void;

/** What is used of Emmett's PostgreSQL store. */
export interface EmmettStore {
  readonly schema: { migrate(): Promise<unknown> };
  appendToStream(
    name: string,
    events: readonly object[],
    options: { readonly expectedStreamVersion: bigint | 'STREAM_DOES_NOT_EXIST' },
  ): Promise<unknown>;
  aggregateStream<State>(
    name: string,
    options: {
      readonly evolve: (state: State, event: EmmettEvent) => State;
      readonly initialState: () => State;
    },
  ): Promise<{ readonly state: State }>;
  consumer(options?: {
    readonly pulling?: { readonly batchSize?: number; readonly pullingFrequencyInMs?: number };
  }): EmmettConsumer;
  close(): Promise<void>;
}

interface EmmettPackage {
  getPostgreSQLEventStore(
    url: string,
    options: {
      readonly connectionOptions: { readonly pool: pg.Pool };
      readonly projections: readonly { readonly type: 'inline'; readonly projection: object }[];
    },
  ): EmmettStore;
}

/** Emmett's PostgreSQL store over a pool of 32. */
export class EmmettLog implements EventLog {
  readonly store: EmmettStore;
  readonly #pool: pg.Pool;

  private constructor(store: EmmettStore, pool: pg.Pool) {
    this.store = store;
    this.#pool = pool;
  }

  /** @param options.pool - is ended with the log */
  static async open(
    url: string,
    {
      pool = new pg.Pool({ connectionString: url, max: poolSize }),
      inline = [],
    }: { readonly pool?: pg.Pool; readonly inline?: readonly object[] } = {},
  ): Promise<EmmettLog> {
    const emmett = await loadPeer<EmmettPackage>('@event-driven-io/emmett-postgresql');
    // Emmett has no listener, and a connection that is cut when the database is dropped would end this process.
    pool.on('error', () => undefined);
    const projections = inline.map(projection => ({ type: 'inline', projection }) as const);
    const store = emmett.getPostgreSQLEventStore(url, { connectionOptions: { pool }, projections });
    await store.schema.migrate();
    return new EmmettLog(store, pool);
  }

  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<unknown> {
    return this.store.appendToStream(emmettStream(streamId), events.map(toEmmett), {
      expectedStreamVersion: version === 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(version),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await this.#pool.end();
  }
}

/** The stream that `EmmettLog` appends to under this id. */
export function emmettStream(id: string): string {
  return `account-${id}`;
}

function toEmmett({ type, payload, metadata }: SampleEvent): object {
  return { type, data: payload, metadata };
}
