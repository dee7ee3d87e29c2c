import type { Contender, Measurable, Sample } from './benchmark.ts';
import { collectGarbage } from './collect-garbage.ts';
import { ScratchDatabase } from './scratch-database.ts';

/** A contender in a case, measured round by round. */
export interface ContenderRun {
  measure(): Promise<Sample>;
  /** Gives back whatever it holds; also after it has failed. */
  close(): Promise<void>;
}

/** A contender in this process. */
export class RunHere implements ContenderRun {
  readonly #contender: Contender;
  readonly #serverUrl: string;
  readonly #keepsData: boolean;
  #opened: { readonly database: ScratchDatabase; readonly measurable: Measurable } | undefined;

  constructor(contender: Contender, serverUrl: string, keepsData: boolean) {
    this.#contender = contender;
    this.#serverUrl = serverUrl;
    this.#keepsData = keepsData;
  }

  async measure(): Promise<Sample> {
    const { database, measurable } = (this.#opened ??= await this.#open());
    await database.settle();
    collectGarbage();
    const sample = await measurable.measure();
    if (!this.#keepsData) await this.close();
    return sample;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.measurable[Symbol.asyncDispose]();
    await opened?.database[Symbol.asyncDispose]();
  }

  async #open(): Promise<{ database: ScratchDatabase; measurable: Measurable }> {
    const database = await ScratchDatabase.create(this.#serverUrl);
    try {
      return { database, measurable: await this.#contender.open(database) };
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }
}
