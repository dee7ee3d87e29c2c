import pg from 'pg';
import type { ScratchDatabase } from '../../harness/scratch-database.ts';
import type { SampleEvent } from '../../harness/workload.ts';
import type { EventLog } from '../event-log.ts';
import { callOver, makeBareTables } from './batch-call.ts';
import type { BareAppend, CallAppendBatch } from './batch-call.ts';

interface Waiting extends BareAppend {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

// As DESIGN §6 found best: short queues go in one call, long ones in two halves.
const longQueueOnServer = 64;

/**
 * The driver alone, with the least code that lets appends share calls.
 *
 * No envelope, no checks, no repetition, no outcome of one's own: what Annals costs beyond this is what it does.
 */
export class BareGroupCommit implements EventLog {
  readonly #call: CallAppendBatch;
  readonly #close: () => Promise<void>;
  #waiting: Waiting[] = [];
  readonly #longQueue: number;
  #callsInFlight = 0;
  #isScheduled = false;

  /** @param longQueue - from how many appends on two calls are under way; Infinity for one connection */
  constructor(call: CallAppendBatch, close: () => Promise<void>, longQueue = longQueueOnServer) {
    this.#call = call;
    this.#close = close;
    this.#longQueue = longQueue;
  }

  static async onServer(database: ScratchDatabase): Promise<BareGroupCommit> {
    await makeBareTables(database);
    const pool = new pg.Pool({ connectionString: database.url, max: 2 });
    return new BareGroupCommit(callOver(pool), () => pool.end());
  }

  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ streamId, version, events, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#waiting.length > 0) {
      const isLong = this.#waiting.length >= this.#longQueue;
      if (this.#callsInFlight >= (isLong ? 2 : 1)) return;
      const isShared = isLong && this.#callsInFlight === 0;
      const count = isShared ? Math.ceil(this.#waiting.length / 2) : this.#waiting.length;
      void this.#send(this.#waiting.splice(0, count));
    }
  }

  async #send(taken: readonly Waiting[]): Promise<void> {
    this.#callsInFlight++;
    try {
      await this.#call(taken);
      for (const { resolve } of taken) resolve();
    } catch (error) {
      for (const { reject } of taken) reject(error);
    } finally {
      this.#callsInFlight--;
      // As what was told now comes back with its next append, it goes with the next call.
      this.#schedule();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
