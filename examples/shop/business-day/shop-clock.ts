import type { Clock } from 'annals';

/** The clock of the script: it shows the time of the last step, so that a day passes in seconds. */
export class ShopClock implements Clock {
  #now: Date;

  constructor(now: Date) {
    this.#now = now;
  }

  now(): Date {
    return this.#now;
  }

  /** Lets it be `now`. */
  set(now: Date): void {
    this.#now = now;
  }
}
