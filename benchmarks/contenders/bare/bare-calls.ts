import pg from 'pg';
import type { ScratchDatabase } from '../../harness/scratch-database.ts';
import type { SampleEvent } from '../../harness/workload.ts';
import { poolSize } from '../event-log.ts';
import type { EventLog } from '../event-log.ts';
import { callAppendBatch, makeBareTables } from './batch-call.ts';

/** The driver alone, one function call an append, over a pool of 32. */
export class BareCalls implements EventLog {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  static async open(database: ScratchDatabase): Promise<BareCalls> {
    await makeBareTables(database);
    return new BareCalls(new pg.Pool({ connectionString: database.url, max: poolSize }));
  }

  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<void> {
    return callAppendBatch(this.#pool, [{ streamId, version, events }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}
