/** Functions to call when something has happened. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  /** Adds a listener; the returned function removes it. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls every listener. */
  notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
