import type { Clock } from '../../application/index.ts';
import { isoTime } from './iso-time.ts';

/** A clock that stands still until it is told otherwise. */
export class VirtualClock implements Clock {
  #now: Date;

  constructor(now: Date | string = '2026-01-01T00:00:00.000Z') {
    this.#now = new Date(isoTime(now));
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Sets the time. */
  set(now: Date | string): void {
    this.#now = new Date(isoTime(now));
  }

  /** Lets time pass. */
  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}
