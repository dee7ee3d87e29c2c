import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';
import type { IdGenerator } from '../../application/ports/id-generator.ts';

const bytesAnId = 16;
const hexDigits = Buffer.from('0123456789abcdef');
// Where the digits of each byte stand in 8-4-4-4-12.
const textIndexes = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/**
 * Time-ordered uuids, which keep the index on event ids fast at any size.
 *
 * Within one process they also grow within one millisecond.
 */
class UuidV7Generator implements IdGenerator {
  // Asking the system for random bytes costs more than all the rest, so they are taken for many ids at a time.
  readonly #random = Buffer.alloc(256 * bytesAnId);
  #used = this.#random.length;
  readonly #bytes = new Uint8Array(bytesAnId);
  readonly #text = Buffer.from('00000000-0000-0000-0000-000000000000');
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
    v7({ random, msecs: this.#lastMs, seq: this.#sequence }, this.#bytes);
    return this.#format();
  }

  /* One text instead of the twenty that its pieces would be put together from. */
  #format(): string {
    for (let index = 0; index < bytesAnId; index++) {
      const byte = this.#bytes[index]!;
      const at = textIndexes[index]!;
      this.#text[at] = hexDigits[byte >> 4]!;
      this.#text[at + 1] = hexDigits[byte & 15]!;
    }
    return this.#text.toString('latin1');
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
