/** Lets one side wait for what another side tells it, however often. */
export class Signal<Value> {
  #resolve: ((value: Value) => void) | undefined;

  /** The next value that is told. */
  next(): Promise<Value> {
    return new Promise(resolve => (this.#resolve = resolve));
  }

  /** Tells whoever waits; nobody else ever hears of it. */
  tell(value: Value): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(value);
  }
}
