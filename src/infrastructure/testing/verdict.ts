import { callerFrames } from './caller-line.ts';
import { ScenarioFailed, pointTo } from './scenario-failed.ts';
import { collectStory } from './stories/collect-story.ts';
import type { Told, ToldStory } from './stories/told-story.ts';

interface Parts<Next> {
  /** What was told, for whoever prints it. */
  readonly story: ToldStory;
  readonly run: () => Promise<void>;
  readonly next: () => Next;
  readonly awaited: () => void;
}

/** The end of a scenario: await it, or go on from there with `and`. It runs when it is awaited. */
export class Verdict<Next> implements Promise<void>, Told {
  readonly [Symbol.toStringTag] = 'Verdict';
  readonly #parts: Parts<Next>;
  readonly #frames: readonly string[];
  #result: Promise<void> | undefined;

  /** @internal a scenario makes it */
  constructor(parts: Parts<Next>) {
    this.#parts = parts;
    this.#frames = callerFrames(new Error().stack);
  }

  /** What was told. */
  get story(): ToldStory {
    return this.#parts.story;
  }

  /** What happens next, with everything so far as given. */
  get and(): Next {
    this.#parts.awaited();
    return this.#parts.next();
  }

  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#parts.awaited();
    this.#result ??= this.#run();
    return this.#result.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<void | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<void> {
    return this.then().finally(onFinally);
  }

  async #run(): Promise<void> {
    try {
      await this.#parts.run();
      collectStory(this);
    } catch (error) {
      if (error instanceof ScenarioFailed) pointTo(error, this.#frames);
      throw error;
    }
  }
}
