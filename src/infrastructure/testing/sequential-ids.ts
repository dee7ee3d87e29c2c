import type { IdGenerator } from '../../application/index.ts';

/** Uuids that count up, so that a test's ids are the same in every run. */
export class SequentialIds implements IdGenerator {
  #last = 0;

  next(): string {
    return `00000000-0000-7000-8000-${String(++this.#last).padStart(12, '0')}`;
  }
}
