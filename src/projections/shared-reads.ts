/**
 * Shares reads among those who ask for the same at the same time.
 *
 * Who asks gets a read that began after asking, so that it shows what was there by then: one that is under way is
 * waited for, and the next one serves all who have come meanwhile.
 */
export class SharedReads<T> {
  readonly #underWay = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  /** What `read` gives, which must be the same for the same key. */
  read(key: string, read: () => Promise<T>): Promise<T> {
    const underWay = this.#underWay.get(key);
    if (underWay === undefined) return this.#begin(key, read);
    const begin = (): Promise<T> => {
      this.#next.delete(key);
      return this.#begin(key, read);
    };
    const next = this.#next.get(key) ?? underWay.then(begin, begin);
    this.#next.set(key, next);
    return next;
  }

  #begin(key: string, read: () => Promise<T>): Promise<T> {
    const underWay = read().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, underWay);
    return underWay;
  }
}
