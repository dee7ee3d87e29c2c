import type { Recorded, StreamId } from '../../domain/index.ts';
import { untilAvailable } from './backoff.ts';
import type { RetryOptions } from './backoff.ts';
import type { ReaderSources } from './feed-reader.ts';

// What one page of a stream brings, and what the tail's window is asked for at a time.
const batchSize = 1_000;

/** One run of following a stream: reads what is stored, then takes from the tail what comes. */
export class StreamFollower {
  readonly #sources: ReaderSources;
  readonly #stream: StreamId;
  readonly #retry: RetryOptions;
  #nextVersion: number;

  constructor(sources: ReaderSources, stream: StreamId, fromVersion: number, signal: AbortSignal) {
    this.#sources = sources;
    this.#stream = stream;
    this.#nextVersion = fromVersion;
    this.#retry = { signal, isClosed: () => sources.tail.isClosed };
  }

  /** Event after event, until the signal is aborted. */
  async *events(): AsyncGenerator<Recorded, void> {
    const { tail } = this.#sources;
    tail.enter();
    try {
      await untilAvailable(() => tail.start(), this.#retry);
      while (!this.#isLeft()) {
        // What is settled now is stored, so the stream is read at least that far; the tail has the rest.
        const settled = tail.position;
        yield* this.#stored();
        if (!this.#isLeft()) yield* this.#coming(settled);
      }
    } finally {
      tail.leave();
    }
  }

  async *#stored(): AsyncGenerator<Recorded, void> {
    for (;;) {
      const page = await untilAvailable(() => this.#readPage(), this.#retry);
      for (const event of page ?? []) {
        if (this.#isLeft()) return;
        this.#nextVersion = event.version + 1;
        yield event;
      }
      if (page === undefined || page.length < batchSize) return;
    }
  }

  /* Ends when the tail has dropped what comes next; then the stream is read again. */
  async *#coming(afterPosition: number): AsyncGenerator<Recorded, void> {
    const { tail } = this.#sources;
    const wanted = { matches: (event: Recorded) => this.#isNext(event), batchSize };
    for (let position = afterPosition; !this.#isLeft();) {
      const page = tail.take(position, wanted);
      if (page === undefined && position < tail.position) return;
      if (page === undefined) await tail.moved(this.#retry.signal);
      for (const event of page?.events ?? []) {
        if (this.#isLeft()) return;
        this.#nextVersion = event.version + 1;
        yield event;
      }
      position = page?.throughPosition ?? position;
    }
  }

  #isLeft(): boolean {
    return this.#retry.signal.aborted;
  }

  #isNext({ aggregateId, aggregateType, version }: Recorded): boolean {
    if (version < this.#nextVersion || aggregateId !== this.#stream.aggregateId) return false;
    return aggregateType === this.#stream.aggregateType;
  }

  async #readPage(): Promise<Recorded[]> {
    const options = { fromVersion: this.#nextVersion, limit: batchSize };
    const page: Recorded[] = [];
    for await (const event of this.#sources.store.readStream(this.#stream, options)) page.push(event);
    return page;
  }
}
