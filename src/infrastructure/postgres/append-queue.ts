import type { PreparedAppend } from '../../application/events/prepare-append.ts';
import { onAbort } from '../../application/on-abort.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { StoreActivity } from '../../application/ports/store-health.ts';
import type { AppendUnit } from './append-call.ts';
import type { UnitOutcome } from './append-outcomes.ts';
import { isLostConnection, isTransientCollision } from './sql-errors.ts';

/** Sends units in one call, each with an outcome of its own. */
export type SendUnits = (units: readonly AppendUnit[]) => Promise<readonly UnitOutcome[]>;

interface Waiting {
  readonly unit: AppendUnit;
  readonly size: Size;
  readonly resolve: (outcome: UnitOutcome) => void;
  readonly reject: (error: unknown) => void;
  /** Undefined once it is sent: from then on its outcome is told, not the abort. */
  stopListening: (() => void) | undefined;
}

interface Size {
  readonly events: number;
  readonly characters: number;
}

// What one call carries: enough to share its round trip and flush, not so much that others wait for it.
const maxUnitsACall = 1_000;
const maxEventsACall = 5_000;
const maxCharactersACall = 8 * 1024 * 1024;
// Splitting a short queue costs more calls than it gains; a long one keeps two connections busy.
const longQueue = 64;
const maxCallsInFlight = 2;
// A call takes a few milliseconds; one that takes so long waits for a lock, and others may pass it.
const stalledAfterMs = 50;
const maxCallsAtAll = 5;
// Beyond this, writers wait before their append is even queued; beyond the other they are refused, because what they
// hold takes memory, too.
const maxCharactersWaiting = 64 * 1024 * 1024;
const maxCharactersAtAll = 256 * 1024 * 1024;
// An append without a payload takes memory, too: its names, its ids, its promise.
const charactersAnAppend = 1_000;

/**
 * Lets appends that arrive while others are under way share the next call: one round trip, one transaction, one
 * flush for all of them.
 *
 * Nothing waits for a timer: what arrives within one turn of the event loop is sent together, at once if nothing is under
 * way. First come, first sent. A call that fails as a whole is repeated in halves, so that nobody fails for a
 * neighbour.
 */
export class AppendQueue {
  readonly #send: SendUnits;
  readonly #waiting: Waiting[] = [];
  #charactersWaiting = 0;
  /* Of those who wait for room. */
  readonly #outside = { appends: 0, characters: 0 };
  #callsInFlight = 0;
  #stalledCalls = 0;
  #isScheduled = false;
  /* When a call was last answered, or when the first append came after a rest. */
  #movedAtMs = 0;
  #room: { readonly promise: Promise<void>; readonly open: () => void } | undefined;

  constructor(send: SendUnits) {
    this.#send = send;
  }

  /** What waits and what is under way. */
  get activity(): Pick<StoreActivity, 'appendsWaiting' | 'callsInFlight' | 'appendsStillMs'> {
    const appendsStillMs = this.#isResting ? 0 : performance.now() - this.#movedAtMs;
    const appendsWaiting = this.#waiting.length + this.#outside.appends;
    return { appendsWaiting, callsInFlight: this.#callsInFlight, appendsStillMs };
  }

  get #isResting(): boolean {
    return this.#waiting.length === 0 && this.#callsInFlight === 0;
  }

  /**
   * Sends a unit with the next call; gives up if `signal` is aborted before that.
   *
   * @throws {StoreUnavailable} more waits already than memory should hold
   */
  submit(unit: AppendUnit, signal: AbortSignal | undefined): Promise<UnitOutcome> {
    return this.#charactersWaiting > maxCharactersWaiting
      ? this.#submitLater(unit, signal)
      : this.#enqueue(unit, signal);
  }

  async #submitLater(unit: AppendUnit, signal: AbortSignal | undefined): Promise<UnitOutcome> {
    const { characters } = sizeOf(unit.prepared);
    if (this.#charactersWaiting + this.#outside.characters > maxCharactersAtAll) {
      const what = `${this.activity.appendsWaiting} appends wait already, so nothing of this one was stored.`;
      throw new StoreUnavailable(what);
    }
    this.#outside.appends++;
    this.#outside.characters += characters;
    try {
      while (this.#charactersWaiting > maxCharactersWaiting) await this.#waitForRoom(signal);
    } finally {
      this.#outside.appends--;
      this.#outside.characters -= characters;
    }
    signal?.throwIfAborted();
    return this.#enqueue(unit, signal);
  }

  #enqueue(unit: AppendUnit, signal: AbortSignal | undefined): Promise<UnitOutcome> {
    return new Promise((resolve, reject) => {
      const size = sizeOf(unit.prepared);
      const waiting: Waiting = { unit, size, resolve, reject, stopListening: undefined };
      this.#listen(waiting, signal);
      if (this.#isResting) this.#movedAtMs = performance.now();
      this.#waiting.push(waiting);
      this.#charactersWaiting += size.characters;
      this.#schedule();
    });
  }

  #listen(waiting: Waiting, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      this.#charactersWaiting -= waiting.size.characters;
      this.#room?.open();
      waiting.reject(signal.reason);
    };
    waiting.stopListening = onAbort(signal, abort);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#startCalls();
    });
  }

  #startCalls(): void {
    while (this.#waiting.length > 0 && this.#mayStartCall()) {
      const isShared = this.#waiting.length >= longQueue && this.#callsInFlight === this.#stalledCalls;
      const units = isShared ? Math.ceil(this.#waiting.length / maxCallsInFlight) : this.#waiting.length;
      void this.#call(this.#take(Math.min(units, maxUnitsACall)));
    }
  }

  #mayStartCall(): boolean {
    const running = this.#callsInFlight - this.#stalledCalls;
    if (this.#callsInFlight >= maxCallsAtAll) return false;
    return running === 0 || (this.#waiting.length >= longQueue && running < maxCallsInFlight);
  }

  /* At least one unit, however large it is. */
  #take(maxUnits: number): Waiting[] {
    let [count, events, characters] = [0, 0, 0];
    for (const { size } of this.#waiting.slice(0, maxUnits)) {
      events += size.events;
      characters += size.characters;
      if (count > 0 && (events > maxEventsACall || characters > maxCharactersACall)) break;
      count++;
    }
    const taken = this.#waiting.splice(0, count);
    for (const { stopListening, size } of taken) {
      stopListening?.();
      this.#charactersWaiting -= size.characters;
    }
    this.#room?.open();
    return taken;
  }

  /* A call that waits for somebody else's lock must not hold up appends to other streams. */
  async #call(taken: readonly Waiting[]): Promise<void> {
    const call = { isStalled: false };
    const stall = setTimeout(() => {
      call.isStalled = true;
      this.#stalledCalls++;
      this.#startCalls();
    }, stalledAfterMs);
    this.#callsInFlight++;
    try {
      await this.#sendTogether(taken);
    } finally {
      clearTimeout(stall);
      if (call.isStalled) this.#stalledCalls--;
      this.#callsInFlight--;
      this.#movedAtMs = performance.now();
      // Not at once: who was just answered may have the next append ready, and goes with those that wait.
      this.#schedule();
    }
  }

  async #sendTogether(taken: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#send(taken.map(({ unit }) => unit));
      for (const [index, { resolve }] of taken.entries()) resolve(outcomes[index]!);
    } catch (error) {
      if (taken.length === 1 || isLostConnection(error) || isTransientCollision(error)) {
        for (const { reject } of taken) reject(error);
      } else {
        const half = Math.ceil(taken.length / 2);
        await this.#sendTogether(taken.slice(0, half));
        await this.#sendTogether(taken.slice(half));
      }
    }
  }

  async #waitForRoom(signal: AbortSignal | undefined): Promise<void> {
    if (this.#room === undefined) {
      let open = (): void => undefined;
      const promise = new Promise<void>(resolve => (open = resolve));
      this.#room = { promise, open };
      void promise.then(() => (this.#room = undefined));
    }
    await orAborted(this.#room.promise, signal);
  }
}

/* Waits for a promise, but no longer than until `signal` is aborted. */
async function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  let stopListening = (): void => undefined;
  const aborted = new Promise<void>(resolve => (stopListening = onAbort(signal, resolve)));
  await Promise.race([promise, aborted]);
  stopListening();
  signal.throwIfAborted();
}

function sizeOf({ writes, commands }: PreparedAppend): Size {
  let [events, characters] = [0, charactersAnAppend];
  for (const { resultJson } of commands) characters += resultJson?.length ?? 0;
  for (const write of writes) {
    events += write.events.length;
    for (const { payloadJson, metadataJson } of write.events) {
      characters += payloadJson.length + (metadataJson?.length ?? 0);
    }
  }
  return { events, characters };
}
