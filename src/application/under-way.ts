/** Calls that have begun and not yet ended, so that whoever ends something can wait for them. */
export class UnderWay {
  readonly #calls = new Set<Promise<unknown>>();

  /** Counts a call until it ends; its outcome is the caller's alone. */
  async track<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Waits for the calls that are under way now, however they end; not for those that begin meanwhile. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#calls);
  }
}
