import { checkTimeout } from '../application/check-timeout.ts';
import { checkBound } from '../application/events/check-query.ts';
import type { ExecutionScope } from '../application/execution/execution-scope.ts';
import { StoreUnavailable } from '../application/ports/event-store-errors.ts';
import type { EventStore } from '../application/ports/event-store.ts';
import type { NamedVersion } from '../application/ports/projection-states.ts';
import { Backoff } from '../application/subscriptions/backoff.ts';
import { WakeUp } from '../application/subscriptions/wake-up.ts';
import { ProjectionNotRunning, ProjectionWaitTimeout, WaitForItself } from './projection-errors.ts';
import { SharedReads } from './shared-reads.ts';

/** Options of `waitFor`. */
export interface WaitOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What keeps a projection from moving on. */
export interface Obstacle {
  readonly error: unknown;
  /** Whether it has given up, so that somebody has to do something. */
  readonly hasStopped: boolean;
}

/** What a waiter knows the world by. */
export interface WaiterSources {
  readonly store: {
    /** How far the build is that answers for a projection now. */
    readCheckpoint(projection: NamedVersion): Promise<number>;
    expectCheckpoint(projection: NamedVersion, position: number, wake: () => void): () => void;
    isTransient(error: unknown): boolean;
  };
  readonly events: Pick<EventStore, 'lastSettledEvent'>;
  /** Tells what code is running now. */
  readonly scope: Pick<ExecutionScope, 'projection'>;
  /** What keeps a projection back, for all that this process knows. */
  readonly obstacleOf: (projection: NamedVersion) => Obstacle | undefined;
}

interface Wait {
  readonly projection: NamedVersion;
  readonly position: number;
  /** Where the projection must be for that: the position, or the last event before it if it was lost. */
  target: number;
  isTargetSettled: boolean;
  readonly wakeUp: WakeUp;
  /** Ends it before its time: the caller's signal, or the end of the app. */
  readonly ending: AbortSignal;
  /** How far the projection was at the last look. */
  reached: number;
  /** Why the last look failed; undefined if it did not. */
  lookFailed: unknown;
}

const defaultTimeoutMs = 10_000;
// A time-out looks once more, and a server that does not answer must not make it much longer.
const lastLookMs = 1_000;
// What takes longer may wait for a position that an aborted append has left, and that nothing will ever reach.
const suspiciousMs = 1_000;

/**
 * Waits until projections have handled and stored everything up to a position, whoever runs them.
 *
 * Only the stored checkpoint counts. It is read when a wait begins, when the store says that it may have got there,
 * when the time is up, and again after the store was away. Waits for the same projection share their looks.
 */
export class CheckpointWaiter {
  readonly #sources: WaiterSources;
  readonly #reads = new SharedReads<number>();
  readonly #waits = new Set<Wait>();
  readonly #closing = new AbortController();

  constructor(sources: WaiterSources) {
    this.#sources = sources;
  }

  /** Refuses a wait that could end only after the one who waits has ended. @throws {WaitForItself} */
  requireOutside({ name }: Pick<NamedVersion, 'name'>): void {
    if (this.#sources.scope.projection === name) throw new WaitForItself(name);
  }

  /**
   * Returns when the checkpoint is at the position or beyond it.
   *
   * @throws {ProjectionWaitTimeout} it did not get there in time
   * @throws {ProjectionNotRunning} it has stopped, so that waiting is of no use
   * @throws {WaitForItself} a handler of the projection asks for it
   */
  async waitFor(projection: NamedVersion, position: number, options: WaitOptions = {}): Promise<void> {
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    checkTimeout('timeoutMs', timeoutMs);
    checkBound('position', position, 0);
    this.requireOutside(projection);
    signal?.throwIfAborted();
    const ending = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    const wakeUp = new WakeUp();
    const wait: Wait = {
      ...{ projection, position, target: position, isTargetSettled: false, wakeUp, ending },
      ...{ reached: 0, lookFailed: undefined },
    };
    this.#waits.add(wait);
    try {
      await this.#run(wait, timeoutMs);
    } catch (error) {
      throw this.#closing.signal.aborted ? this.#notRunning(wait, this.#closing.signal.reason) : error;
    } finally {
      this.#waits.delete(wait);
    }
  }

  /** Looks again at what keeps a projection back. */
  lookAgain({ name }: Pick<NamedVersion, 'name'>): void {
    for (const { projection, wakeUp } of this.#waits) if (projection.name === name) wakeUp.set();
  }

  /** Ends all waits: nobody will tell them anything any more. */
  close(): void {
    // An event is not to blame for a reaction to it that was waiting at that moment.
    this.#closing.abort(new StoreUnavailable('The app was stopped.'));
  }

  async #run(wait: Wait, timeoutMs: number): Promise<void> {
    const { ending } = wait;
    const time = new AbortController();
    const timer = setTimeout(() => time.abort(), timeoutMs);
    const either = AbortSignal.any([ending, time.signal]);
    try {
      if (await beforeAbort(this.#untilReached(wait, either), either)) return;
    } finally {
      clearTimeout(timer);
      // Nobody listens to the loop any more, and it is not to go on.
      time.abort();
    }
    ending.throwIfAborted();
    const lastLook = this.#settleTarget(wait).then(() => this.#look(wait));
    await beforeAbort(lastLook, AbortSignal.any([ending, AbortSignal.timeout(lastLookMs)]));
    ending.throwIfAborted();
    if (wait.reached < wait.target) throw this.#timedOut(wait, timeoutMs);
  }

  /* True when it is there. */
  async #untilReached(wait: Wait, ending: AbortSignal): Promise<true | undefined> {
    const { projection, wakeUp } = wait;
    const end = this.#sources.store.expectCheckpoint(projection, wait.target, () => wakeUp.set());
    const settleAtMs = performance.now() + suspiciousMs;
    const backoff = new Backoff();
    try {
      while (!ending.aborted) {
        await this.#look(wait);
        if (wait.reached >= wait.target) return true;
        this.#requireRunning(wait);
        if (!wait.isTargetSettled && performance.now() >= settleAtMs) {
          await this.#settleTarget(wait);
          // Another target wants another expectation.
          if (wait.target < wait.position) break;
        }
        if (wait.lookFailed === undefined) backoff.reset();
        const pauseMs =
          wait.lookFailed !== undefined ? backoff.nextMs() : wait.isTargetSettled ? Infinity : suspiciousMs;
        await wakeUp.wait(pauseMs, ending);
      }
    } finally {
      end();
    }
    return ending.aborted ? undefined : this.#untilReached(wait, ending);
  }

  /* The position may be one that an aborted append has left: then the last event before it is what counts. */
  async #settleTarget(wait: Wait): Promise<void> {
    await this.#ask(wait, async () => {
      const settled = await this.#sources.events.lastSettledEvent(wait.position);
      wait.isTargetSettled = settled !== undefined;
      wait.target = settled ?? wait.position;
    });
  }

  async #look(wait: Wait): Promise<void> {
    const { projection } = wait;
    const key = `${projection.version} ${projection.name}`;
    await this.#ask(wait, async () => {
      wait.reached = await this.#reads.read(key, () => this.#sources.store.readCheckpoint(projection));
    });
  }

  /* A store that is away is asked again: what is waited for is stored, and must not look as if it had failed. */
  async #ask(wait: Wait, question: () => Promise<void>): Promise<void> {
    try {
      await question();
      wait.lookFailed = undefined;
    } catch (error) {
      if (!this.#sources.store.isTransient(error)) throw error;
      wait.lookFailed = error;
    }
  }

  #requireRunning(wait: Wait): void {
    const obstacle = this.#sources.obstacleOf(wait.projection);
    if (obstacle?.hasStopped === true) throw this.#notRunning(wait, obstacle.error);
  }

  #timedOut({ projection, position, reached, lookFailed }: Wait, timeoutMs: number): Error {
    const cause = lookFailed ?? this.#sources.obstacleOf(projection)?.error;
    return new ProjectionWaitTimeout(projection.name, position, reached, timeoutMs, cause);
  }

  #notRunning({ projection, position, reached }: Wait, cause: unknown): Error {
    return new ProjectionNotRunning(projection.name, position, reached, cause);
  }
}

/* What a promise gives, or undefined once the signal is aborted, however long the promise takes. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let leave = (): void => undefined;
  const aborted = new Promise<undefined>(resolve => {
    leave = () => resolve(undefined);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
