/** What a read of the tail found out. */
export interface TailRead {
  /** Whether it found anything new. */
  readonly hasNews: boolean;
  /** Whether somebody had said that there would be news. */
  readonly wasHinted: boolean;
  /** Whether a writer holds positions that are not settled yet. */
  readonly isWriterOpen: boolean;
}

// About what a short transaction takes.
const firstPauseMs = 5;

/**
 * How long to pause between two looks at the log when nobody says that there is something new.
 *
 * Slow as long as nothing happens, or wake-ups tell of everything that does. Quick, with pauses that double,
 * once a writer was seen in the middle of its work, or something was found that no wake-up had told of: then wake-ups
 * are lost, and more may follow.
 */
export class PollingPace {
  readonly #slowestMs: number;
  #pauseMs: number;
  #wasWriterOpen = false;

  /** @param slowestMs - the pause while nothing happens; Infinity for a log that tells of everything itself */
  constructor(slowestMs: number) {
    this.#slowestMs = slowestMs;
    this.#pauseMs = slowestMs;
  }

  /** The pause after a read. */
  next({ hasNews, wasHinted, isWriterOpen }: TailRead): number {
    const isUnexpected = hasNews && !wasHinted;
    const isNewWriter = isWriterOpen && (hasNews || wasHinted || !this.#wasWriterOpen);
    if (isUnexpected || isNewWriter) this.#pauseMs = Math.min(firstPauseMs, this.#slowestMs);
    else if (hasNews && !isWriterOpen) this.#pauseMs = this.#slowestMs;
    else this.#pauseMs = Math.min(this.#slowestMs, this.#pauseMs * 2);
    this.#wasWriterOpen = isWriterOpen;
    return this.#slowestMs === Infinity ? Infinity : this.#pauseMs;
  }
}
