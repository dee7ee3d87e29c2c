/** Functions to call when something has happened. One that throws is nobody's failure but its own. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  /** Adds a listener; the returned function removes it. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls every listener. */
  notify(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // What it was told of has happened, so the one who did it must not fail for it.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }
}
