import pg from 'pg';
import type { ScratchDatabase } from '../../harness/scratch-database.ts';
import type { SampleEvent } from '../../harness/workload.ts';
import { poolSize } from '../event-log.ts';
import type { EventLog } from '../event-log.ts';
import { callOver, makeBareTables } from './batch-call.ts';
import type { CallAppendBatch } from './batch-call.ts';

/** The driver alone, one function call an append, over a pool of 32. */
export class BareCalls implements EventLog {
  readonly #call: CallAppendBatch;
  readonly #close: () => Promise<void>;

  constructor(call: CallAppendBatch, close: () => Promise<void>) {
    this.#call = call;
    this.#close = close;
  }

  static async onServer(database: ScratchDatabase): Promise<BareCalls> {
    await makeBareTables(database);
    const pool = new pg.Pool({ connectionString: database.url, max: poolSize });
    return new BareCalls(callOver(pool), () => pool.end());
  }

  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<unknown> {
    return this.#call([{ streamId, version, events }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
