import { WakeUp } from '../application/subscriptions/wake-up.ts';

// The share that the last second or so has in the average.
const weightPerSecond = 0.5;

/** Measures how many events are handled in a second, and keeps them below a limit. */
export class Throughput {
  readonly #maxEventsPerSecond: number | undefined;
  #average = 0;
  #lastMs = performance.now();

  constructor(maxEventsPerSecond: number | undefined) {
    this.#maxEventsPerSecond = maxEventsPerSecond;
  }

  /** Lately; the more recent, the weightier. */
  get eventsPerSecond(): number {
    return Math.round(this.#average);
  }

  /** Notes that events were handled, and waits where they were too many for the time that they took. */
  async handled(events: number, signal: AbortSignal): Promise<void> {
    const elapsedMs = performance.now() - this.#lastMs;
    const leastMs = this.#maxEventsPerSecond === undefined ? 0 : (events / this.#maxEventsPerSecond) * 1_000;
    if (leastMs > elapsedMs) await new WakeUp().wait(leastMs - elapsedMs, signal);
    const tookMs = Math.max(1, elapsedMs, leastMs);
    const weight = 1 - (1 - weightPerSecond) ** (tookMs / 1_000);
    this.#average += weight * ((events * 1_000) / tookMs - this.#average);
    this.#lastMs = performance.now();
  }
}
