import { TooManyStreams } from '../http-errors.ts';
import type { HttpLimits } from '../http-options.ts';

/** The live streams of a server: how many there are, and their common end. */
export class LiveStreams {
  readonly #limits: HttpLimits;
  readonly #perClient = new Map<string, number>();
  readonly #ending = new AbortController();
  #all = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** Aborted when the server closes. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Counts a stream of a client; returns its end. @throws {TooManyStreams} there are enough of them */
  begin(client: string): () => void {
    const own = this.#perClient.get(client) ?? 0;
    if (own >= this.#limits.liveStreamsPerClient || this.#all >= this.#limits.liveStreams) {
      throw new TooManyStreams(
        'There are as many live streams as there may be. Close one, or try again later.',
      );
    }
    this.#all++;
    this.#perClient.set(client, own + 1);
    return () => this.#end(client);
  }

  /** Ends all of them; clients go on with another node where they were. */
  endAll(): void {
    this.#ending.abort();
  }

  #end(client: string): void {
    this.#all--;
    const own = this.#perClient.get(client)! - 1;
    if (own === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, own);
  }
}
