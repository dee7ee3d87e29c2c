// Batches that succeed before a larger one is risked; twice as many after each time that it was too large.
const firstPatience = 4;
const longestPatience = 1_024;

/**
 * How many events a shard takes at once: as the projector says, but fewer where the database gives a batch up again and
 * again for reasons of its own, such as a time-out or too little memory, so that one that is too large gets through.
 *
 * - halved when a batch is given up for the second time, and at each further failure until one succeeds
 * - doubled after some that succeed; where that was too much, halved at once
 */
export class BatchSize {
  readonly #largest: number;
  #current: number;
  #failures = 0;
  #successes = 0;
  #patience = firstPatience;
  #isUntried = false;

  constructor(largest: number) {
    this.#largest = largest;
    this.#current = largest;
  }

  get current(): number {
    return this.#current;
  }

  /** Notes that a batch of so many events was given up, for nothing that the events can be blamed for. */
  failed(events: number): void {
    if (++this.#failures === 1 && !this.#isUntried) return;
    if (this.#isUntried) this.#patience = Math.min(longestPatience, this.#patience * 2);
    this.#become(Math.ceil(Math.min(events, this.#current) / 2));
    this.#isUntried = false;
  }

  /** Notes that a batch has succeeded; says whether the next one is to be larger. */
  succeeded(): boolean {
    this.#failures = 0;
    this.#isUntried = false;
    if (this.#current === this.#largest) {
      this.#patience = firstPatience;
      return false;
    }
    if (++this.#successes < this.#patience) return false;
    this.#become(Math.min(this.#current * 2, this.#largest));
    this.#isUntried = true;
    return true;
  }

  #become(size: number): void {
    this.#current = Math.max(1, size);
    this.#successes = 0;
  }
}
