/** The end of a scenario: await it, or go on from there with `and`. It runs when it is awaited. */
export class Verdict<Next> implements Promise<void> {
  readonly [Symbol.toStringTag] = 'Verdict';
  readonly #run: () => Promise<void>;
  readonly #next: () => Next;
  readonly #awaited: () => void;
  #result: Promise<void> | undefined;

  constructor(run: () => Promise<void>, next: () => Next, awaited: () => void) {
    this.#run = run;
    this.#next = next;
    this.#awaited = awaited;
  }

  /** What happens next, with everything so far as given. */
  get and(): Next {
    this.#awaited();
    return this.#next();
  }

  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited();
    this.#result ??= this.#run();
    return this.#result.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<void | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<void> {
    return this.then().finally(onFinally);
  }
}
