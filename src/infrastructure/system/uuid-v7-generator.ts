import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
import type { IdGenerator } from '../../application/ports/id-generator.ts';

const bytesAnId = 16;

/**
 * Time-ordered uuids, which keep the index on event ids fast at any size.
 *
 * Within one process they also grow within one millisecond.
 */
class UuidV7Generator implements IdGenerator {
  // Asking the system for random bytes costs more than all the rest, so they are taken for many ids at a time.
  readonly #random = Buffer.alloc(256 * bytesAnId);
  #used = this.#random.length;
  #lastMs = 0;
  #sequence = 0;

  next(): string {
    const random = this.#nextRandom();
    const nowMs = Date.now();
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      // Half of the range is left to count up in.
      this.#sequence = random.readUInt32BE(0) >>> 1;
    } else {
      this.#sequence++;
    }
    return v7({ random, msecs: this.#lastMs, seq: this.#sequence });
  }

  #nextRandom(): Buffer {
    if (this.#used === this.#random.length) {
      randomFillSync(this.#random);
      this.#used = 0;
    }
    return this.#random.subarray(this.#used, (this.#used += bytesAnId));
  }
}

/** The generator of this process. */
export const uuidV7Generator: IdGenerator = new UuidV7Generator();
