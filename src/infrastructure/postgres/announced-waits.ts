// A process that still waits says so again every ten seconds.
const rememberedMs = 30_000;

interface AnnouncedWait {
  readonly position: number;
  readonly forgetAtMs: number;
}

/**
 * Which positions other processes wait for, by projection.
 *
 * To look whether a batch has passed one costs a map look-up while nobody waits, and a bisection otherwise.
 */
export class AnnouncedWaits {
  readonly #byProjection = new Map<string, AnnouncedWait[]>();
  #sweepAtMs = 0;

  /** Remembers for a while that somebody waits. */
  add(projection: string, position: number, nowMs: number): void {
    if (nowMs >= this.#sweepAtMs) this.#sweep(nowMs);
    const waits = this.#byProjection.get(projection) ?? [];
    waits.splice(firstAfter(waits, position), 0, { position, forgetAtMs: nowMs + rememberedMs });
    this.#byProjection.set(projection, waits);
  }

  /** Whether somebody waits for a position after `from` and up to `to`. */
  isAnyWithin(projection: string, from: number, to: number): boolean {
    const waits = this.#byProjection.get(projection);
    if (waits === undefined) return false;
    const next = waits[firstAfter(waits, from)];
    return next !== undefined && next.position <= to;
  }

  #sweep(nowMs: number): void {
    this.#sweepAtMs = nowMs + rememberedMs;
    for (const [projection, waits] of this.#byProjection) {
      const rest = waits.filter(wait => wait.forgetAtMs > nowMs);
      if (rest.length > 0) this.#byProjection.set(projection, rest);
      else this.#byProjection.delete(projection);
    }
  }
}

/* The index of the first wait for a later position. */
function firstAfter(waits: readonly AnnouncedWait[], position: number): number {
  let [low, high] = [0, waits.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (waits[middle]!.position > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
