import type { Recorded } from '../../domain/index.ts';

/**
 * Hands out the events of pages one by one.
 *
 * What an async generator does as well, with a third of its promises: a loop over a hundred thousand events a second
 * spends most of its time on those.
 */
export class EventPages implements AsyncIterableIterator<Recorded> {
  readonly #pages: AsyncIterator<readonly Recorded[]>;
  readonly #signal: AbortSignal | undefined;
  #page: readonly Recorded[] = [];
  #index = 0;
  #loading: Promise<boolean> | undefined;

  /** @param signal - once aborted, not even the rest of a page is handed out */
  constructor(pages: AsyncIterable<readonly Recorded[]>, signal?: AbortSignal) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Recorded, undefined>> {
    if (this.#loading === undefined && this.#index < this.#page.length && this.#signal?.aborted !== true) {
      return Promise.resolve({ value: this.#page[this.#index++]!, done: false });
    }
    return this.#nextOfLaterPage();
  }

  /** The pages themselves, for who needs no promise an event; instead of the events, not beside them. */
  pages(): AsyncIterable<readonly Recorded[]> {
    return { [Symbol.asyncIterator]: () => this.#pages };
  }

  async return(): Promise<IteratorResult<Recorded, undefined>> {
    [this.#page, this.#index] = [[], 0];
    await this.#pages.return?.();
    return { value: undefined, done: true };
  }

  async #nextOfLaterPage(): Promise<IteratorResult<Recorded, undefined>> {
    while (this.#loading !== undefined || this.#index >= this.#page.length) {
      if (this.#loading === undefined) this.#signal?.throwIfAborted();
      if (!(await (this.#loading ??= this.#load()))) return { value: undefined, done: true };
    }
    this.#signal?.throwIfAborted();
    return { value: this.#page[this.#index++]!, done: false };
  }

  async #load(): Promise<boolean> {
    try {
      const loaded = await this.#pages.next();
      if (loaded.done === true) return false;
      [this.#page, this.#index] = [loaded.value, 0];
      return true;
    } finally {
      this.#loading = undefined;
    }
  }
}

/** Events in pages as they were read, or one by one where a store reads no pages. */
export async function* pagesIn(events: AsyncIterable<Recorded>): AsyncIterable<readonly Recorded[]> {
  if (events instanceof EventPages) yield* events.pages();
  else for await (const event of events) yield [event];
}
