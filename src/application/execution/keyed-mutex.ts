/** Lets one holder a key in at a time, in order of arrival. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for the key; the returned function releases it, and may be called again. */
  async acquire(key: string, signal?: AbortSignal): Promise<() => void> {
    const before = this.#tails.get(key);
    const { promise, resolve } = newSignal();
    this.#tails.set(key, promise);
    const release = (): void => {
      if (this.#tails.get(key) === promise) this.#tails.delete(key);
      resolve();
    };
    await before;
    if (signal?.aborted === true) release();
    signal?.throwIfAborted();
    return release;
  }
}

function newSignal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>(done => (resolve = done));
  return { promise, resolve };
}
