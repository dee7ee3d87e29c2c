import type { FeedPage } from '../ports/event-store.ts';
import type { StoreActivity } from '../ports/store-health.ts';
import { StoreUnavailable } from '../ports/event-store-errors.ts';
import { Backoff } from './backoff.ts';
import { FeedWindow } from './feed-window.ts';
import type { Wanted } from './feed-window.ts';
import { PollingPace } from './polling-pace.ts';
import { WakeUp } from './wake-up.ts';

/** A page that the tail reads: of all types, and with a hint when to look again. */
export interface TailPage extends FeedPage {
  /** Whether positions are taken that are not settled yet, so that more is about to come. */
  readonly isWriterOpen: boolean;
}

/** What the tail reads from. */
export interface TailSource {
  settledPosition(): Promise<number>;
  /** @param isHinted - whether somebody has said which position is there now */
  readTailPage(afterPosition: number, isHinted: boolean): Promise<TailPage>;
  /** Has `wake` called with positions that other processes committed, until it is disposed. */
  listen?(wake: (position: number) => void): AsyncDisposable;
}

/** How long the tail rests. */
export interface TailPauses {
  /** Between two looks while nothing happens; Infinity for never: then every commit is told. */
  readonly pollMs: number;
  /** Between two reads, however often it is woken; the first wake-up after a rest takes effect at once. */
  readonly spacingMs: number;
}

interface Waiting {
  readonly moveOn: () => void;
  readonly fail: (error: Error) => void;
}

// Nobody waited for so long: what has come since is better read by each reader with its own filters.
const staleAfterMs = 1_000;

// A reader that begins anew, because its batch failed, finds the tail where it was, and still listening.
const fallAsleepAfterMs = 1_000;

/**
 * Reads each new page of the log once, for all readers of a store that are caught up.
 *
 * - `asleep`: nobody reads; it knows no position, holds nothing and listens to nobody
 * - `asleep` → `idle` by the first reader's `start`: it stands at what is settled, and listens
 * - `idle` → `following` when a reader waits for what comes next: it reads when it is woken, and now and then in case
 *   nobody wakes it
 * - `following` → `idle` when nobody waits: no queries
 * - `idle` → `asleep` some time after the last reader has left
 *
 * Only a reader that waits makes it read on, and it keeps a bounded window, so that slow readers cost nothing.
 */
export class Tail {
  readonly #source: TailSource;
  readonly #window = new FeedWindow();
  readonly #pace: PollingPace;
  readonly #spacingMs: number;
  readonly #backoff = new Backoff();
  readonly #alarm = new WakeUp();
  readonly #waiting = new Set<Waiting>();
  readonly #closing = new Set<Promise<void>>();
  #readers = 0;
  readonly #wakeUps = { commit: 0, notify: 0, poll: 0 };
  #fallingAsleep: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;
  #listening: AsyncDisposable | undefined;
  #isStarted = false;
  #isFollowing = false;
  #isClosed = false;
  #position = 0;
  #hintedPosition = 0;
  #readAtMs = 0;
  #dueAtMs = 0;
  #dueIfHintedAtMs = 0;

  constructor(source: TailSource, { pollMs, spacingMs }: TailPauses) {
    this.#source = source;
    this.#pace = new PollingPace(pollMs);
    this.#spacingMs = spacingMs;
  }

  /** How far it has read: a settled position. */
  get position(): number {
    return this.#position;
  }

  /** How many events it holds for its readers. */
  get heldEvents(): number {
    return this.#window.size;
  }

  /** Who reads, and how often it was woken: by this process, by others' signals, by nobody. */
  get activity(): Pick<StoreActivity, 'subscriptions' | 'wakeUps'> {
    return { subscriptions: this.#readers, wakeUps: { ...this.#wakeUps } };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Counts a reader in; each is to `leave` once. */
  enter(): void {
    this.#readers++;
    clearTimeout(this.#fallingAsleep);
    if (!this.#isClosed) this.#listening ??= this.#source.listen?.(position => this.wake(position, 'notify'));
  }

  /** Counts a reader out. */
  leave(): void {
    if (--this.#readers > 0) return;
    this.#window.clear();
    this.#fallingAsleep = setTimeout(() => this.#fallAsleep(), fallAsleepAfterMs).unref();
  }

  /** Makes sure that it stands at a settled position; fails if the store does. */
  async start(): Promise<void> {
    this.#requireOpen();
    if (this.#isStarted) return;
    this.#starting ??= this.#moveToEnd().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  /** What follows a position, if it is in the window. */
  take(afterPosition: number, wanted: Wanted): FeedPage | undefined {
    return this.#window.take(afterPosition, wanted);
  }

  /** Waits until it has moved on. @throws what makes it fail for good */
  async moved(signal: AbortSignal): Promise<void> {
    this.#requireOpen();
    if (signal.aborted) return;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(waiting);
        signal.removeEventListener('abort', leave);
      };
      const waiting: Waiting = {
        moveOn() {
          end();
          resolve();
        },
        fail(error) {
          end();
          reject(error);
        },
      };
      const leave = (): void => {
        waiting.moveOn();
        this.#alarm.set();
      };
      signal.addEventListener('abort', leave);
      this.#waiting.add(waiting);
      if (!this.#isFollowing) void this.#follow();
    });
  }

  /**
   * Says that something was committed at a position; Infinity: at some position. A hint: it may be wrong, late or
   * missing.
   */
  wake(position: number, by: 'commit' | 'notify' = 'commit'): void {
    if (position <= this.#position) return;
    if (this.#readers > 0) this.#wakeUps[by]++;
    this.#hintedPosition = Math.max(this.#hintedPosition, position);
    this.#alarm.set();
  }

  /** Fails whoever waits, and stops for good. */
  async close(error: Error): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#fallingAsleep);
    this.#failAll(error);
    this.#alarm.set();
    this.#fallAsleep();
    await Promise.all(this.#closing);
  }

  async #follow(): Promise<void> {
    this.#isFollowing = true;
    if (performance.now() - this.#readAtMs > staleAfterMs) await this.#attempt(() => this.#moveToEnd());
    while (this.#waiting.size > 0) {
      // Everybody stands at the end, so nobody will ask for what was there before.
      if (this.#waiting.size === this.#readers) this.#window.clear();
      if (await this.#untilDue()) await this.#attempt(() => this.#read());
    }
    this.#isFollowing = false;
  }

  async #untilDue(): Promise<boolean> {
    while (this.#waiting.size > 0) {
      const dueAtMs = this.#hintedPosition > this.#position ? this.#dueIfHintedAtMs : this.#dueAtMs;
      const waitMs = dueAtMs - performance.now();
      if (waitMs <= 0) return true;
      await this.#alarm.wait(waitMs);
    }
    return false;
  }

  async #read(): Promise<void> {
    const from = this.#position;
    const hintedPosition = this.#hintedPosition;
    const wasHinted = hintedPosition > from;
    if (!wasHinted) this.#wakeUps.poll++;
    // Taken as told, even if what it told of is not settled yet: the pace sees to that.
    this.#hintedPosition = 0;
    const isExact = wasHinted && hintedPosition < Infinity;
    const page = await this.#source.readTailPage(from, isExact);
    if (!this.#isStarted || from !== this.#position) return;
    const hasNews = page.throughPosition > from;
    const pauseMs = this.#pace.next({ hasNews, wasHinted, isWriterOpen: page.isWriterOpen });
    const isMoreTold = isExact && hasNews && page.throughPosition < hintedPosition;
    this.#scheduleNext(page.isLast && !isMoreTold ? pauseMs : 0);
    if (!hasNews) return;
    this.#window.add(from, page);
    this.#moveTo(page.throughPosition);
  }

  async #moveToEnd(): Promise<void> {
    const settled = await this.#source.settledPosition();
    const hasNews = this.#isStarted && settled > this.#position;
    const wasHinted = this.#hintedPosition > this.#position;
    this.#scheduleNext(this.#pace.next({ hasNews, wasHinted, isWriterOpen: false }));
    if (this.#isStarted && !hasNews) return;
    this.#isStarted = true;
    this.#moveTo(settled);
  }

  #moveTo(position: number): void {
    this.#position = position;
    for (const waiting of [...this.#waiting]) waiting.moveOn();
  }

  #scheduleNext(pauseMs: number): void {
    this.#backoff.reset();
    this.#readAtMs = performance.now();
    this.#dueAtMs = this.#readAtMs + pauseMs;
    this.#dueIfHintedAtMs = Math.min(this.#dueAtMs, this.#readAtMs + this.#spacingMs);
  }

  /* A store that is away for a while is asked again later; any other error is told to those who wait. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || this.#isClosed) {
        this.#failAll(error as Error);
        return;
      }
      this.#dueAtMs = this.#dueIfHintedAtMs = performance.now() + this.#backoff.nextMs();
    }
  }

  #failAll(error: Error): void {
    for (const waiting of [...this.#waiting]) waiting.fail(error);
  }

  #fallAsleep(): void {
    this.#isStarted = false;
    this.#window.clear();
    const ended = this.#listening?.[Symbol.asyncDispose]();
    this.#listening = undefined;
    if (ended === undefined) return;
    const closing = Promise.resolve(ended).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('The event store was closed.');
  }
}
