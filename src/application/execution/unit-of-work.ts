import { formatStream } from '../../domain/index.ts';
import type { AggregateRoot, StreamId } from '../../domain/index.ts';
import { isHalfChanged, markStored, watchAggregate } from '../../domain/aggregate-root.ts';
import type {
  AppendResult,
  CommandRecord,
  EventStore,
  KeyChanges,
  NewEvent,
  StreamAppend,
} from '../ports/event-store.ts';
import type { EventSerializer } from '../ports/event-serializer.ts';
import { AggregateAlreadyExists } from '../replay/aggregate-errors.ts';
import type { Snapshots, StoredChange } from '../snapshots/snapshots.ts';
import { ChangeAfterEnd } from './change-after-end.ts';
import type { MessageContext } from './message-context.ts';

/** An aggregate that a unit of work watches. */
interface Tracked {
  readonly stream: StreamId;
  readonly aggregate: AggregateRoot;
  readonly keysBefore: readonly string[];
  /** Refuse a decision made on a version that is no longer current, even if it raised nothing. */
  verify: boolean;
  /** The message that raised each pending event. */
  readonly contexts: (MessageContext | undefined)[];
}

/** What a unit of work needs. */
export interface UnitOfWorkServices {
  readonly store: EventStore;
  readonly serializer: EventSerializer;
  /** The message that is being handled where this is called. */
  readonly currentContext: () => MessageContext | undefined;
  /** The unit of work that this is called in. */
  readonly currentUnit: () => UnitOfWork | undefined;
  readonly snapshots: Snapshots;
}

/**
 * Collects what one command changes, and stores it in one append when the handler has returned.
 *
 * - open: aggregates are enlisted and raise events
 * - committing: the handler has returned; from here on a conflict is a race that was lost
 * - closed: stored, failed or given up; an aggregate that raises now is refused with `ChangeAfterEnd`
 *
 * Only what runs in the unit may raise: the same goes for a handler whose own unit is closed.
 *
 * A handler that throws leaves nothing behind, whatever it changed before. One instance per aggregate: a
 * handler that loads it twice sees its own changes.
 */
export class UnitOfWork {
  readonly #services: UnitOfWorkServices;
  readonly #tracked = new Map<string, Tracked>();
  readonly #loading = new Map<string, Promise<AggregateRoot | undefined>>();
  readonly #commands: CommandRecord[] = [];
  /** What was stored, once it is. */
  readonly stored: StoredChange[] = [];
  /** Whether the same work has lost a race before. */
  readonly isRepeated: boolean;
  /** Whether a tracked aggregate came from a cache, so that its state may be behind. */
  usedCache = false;
  #isGivenUp = false;
  #state: 'open' | 'committing' | 'closed' = 'open';
  #lock: Promise<() => void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(services: UnitOfWorkServices, isRepeated = false) {
    this.#services = services;
    this.isRepeated = isRepeated;
  }

  get isCommitting(): boolean {
    return this.#state === 'committing';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Takes a lock that is kept until the unit is closed; only the first one counts. */
  async lockOnce(acquire: () => Promise<() => void>): Promise<void> {
    this.#lock ??= acquire();
    const release = await this.#lock;
    // Closed while it waited for its turn: nobody else would give the lock back.
    if (this.isClosed) release();
    this.#requireOpen();
  }

  /** The aggregate of a stream, loaded once however often and however concurrently it is asked for. */
  async loadOnce(
    stream: StreamId,
    load: () => Promise<AggregateRoot | undefined>,
  ): Promise<AggregateRoot | undefined> {
    const name = formatStream(stream);
    const known = this.#tracked.get(name);
    if (known !== undefined) return known.aggregate;
    let loading = this.#loading.get(name);
    if (loading === undefined) {
      loading = load().then(aggregate => aggregate && this.track(stream, aggregate));
      this.#loading.set(name, loading);
    }
    await loading;
    // Created by somebody else meanwhile, or loaded, or neither.
    return this.#tracked.get(name)?.aggregate;
  }

  /**
   * Watches an aggregate: what it raises from now on is stored at the end.
   *
   * @throws {AggregateAlreadyExists} the unit watches another one under this id
   */
  track<A extends AggregateRoot>(stream: StreamId, aggregate: A): A {
    this.#requireOpen();
    if (this.#tracked.has(formatStream(stream))) throw new AggregateAlreadyExists(stream);
    const keysBefore = aggregate.version === 0 ? [] : aggregate.uniqueKeys();
    const tracked: Tracked = { stream, aggregate, keysBefore, verify: false, contexts: [] };
    this.#tracked.set(formatStream(stream), tracked);
    watchAggregate(aggregate, {
      raising: () => this.#requireOwn(),
      raised: () => tracked.contexts.push(this.#services.currentContext()),
    });
    return aggregate;
  }

  /** Asks that the end fails if the stream has moved on, even if the aggregate raised nothing. */
  verify(stream: StreamId): void {
    const tracked = this.#tracked.get(formatStream(stream));
    if (tracked !== undefined) tracked.verify = true;
  }

  /**
   * Runs work that belongs to a part of this unit, e.g. a command dispatched inside a handler.
   *
   * If it fails after it raised events, the whole unit fails, even if somebody catches the error: a part
   * cannot be taken back from an aggregate.
   */
  async runPart<T>(work: () => T | Promise<T>): Promise<T> {
    const raisedBefore = this.#countRaised();
    try {
      return await work();
    } catch (error) {
      if (this.#countRaised() > raisedBefore) this.fail(error);
      throw error;
    }
  }

  /** Makes the end of the unit fail, whoever catches the error before. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Stores that a command ran, in the same append. */
  record(command: CommandRecord): void {
    this.#commands.push(command);
  }

  /** A command that ran in this unit, if it is to be stored. */
  findRecorded(commandId: string): CommandRecord | undefined {
    return this.#commands.find(command => command.commandId === commandId);
  }

  /**
   * Stores everything in one append; returns what became of each stream that got events.
   *
   * @throws {StreamVersionConflict} an aggregate was changed elsewhere in the meantime
   */
  async commit(signal?: AbortSignal): Promise<readonly AppendResult[]> {
    signal?.throwIfAborted();
    this.#requireOpen();
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#state = 'committing';
    const touched = [...this.#tracked.values()].filter(tracked => this.#mustAppend(tracked));
    if (touched.length === 0 && this.#commands.length === 0) return [];
    const appends = touched.map(tracked => this.#appendOf(tracked));
    const results = await this.#services.store.appendMany(appends, { commands: this.#commands, signal });
    for (const [index, tracked] of touched.entries()) {
      // A stream that got no events may have moved on since, and the state here has not.
      if (tracked.aggregate.pendingEvents.length > 0) this.#markStored(tracked, results[index]!);
    }
    return results.filter(result => result.eventIds.length > 0);
  }

  /** Ends the unit because its caller has given up; its handler, which may go on, stores nothing any more. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.close();
  }

  /** Ends the unit and gives its lock back. */
  close(): void {
    this.#state = 'closed';
    void this.#lock?.then(
      release => release(),
      () => undefined,
    );
  }

  /** The aggregates it watches, with their streams. */
  *aggregates(): Iterable<{ stream: StreamId; aggregate: AggregateRoot }> {
    yield* this.#tracked.values();
  }

  #markStored({ stream, aggregate }: Tracked, { version, eventIds }: AppendResult): void {
    const events = aggregate.pendingEvents;
    markStored(aggregate, version);
    // Somebody caught the error of an event that could not be applied.
    if (isHalfChanged(aggregate)) return;
    this.stored.push({ stream, aggregate, events, lastEventId: eventIds.at(-1)! });
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw new ChangeAfterEnd();
  }

  /* An aggregate from the cache may be in the hands of an earlier handler that is still at work on it. */
  #requireOwn(): void {
    this.#requireOpen();
    if (this.#services.currentUnit() !== this) throw new ChangeAfterEnd();
  }

  #countRaised(): number {
    let count = 0;
    for (const { aggregate } of this.#tracked.values()) count += aggregate.pendingEvents.length;
    return count;
  }

  #mustAppend(tracked: Tracked): boolean {
    // A decision to do nothing is also a decision: one made on cached state must be checked before it counts.
    return tracked.aggregate.pendingEvents.length > 0 || tracked.verify || this.usedCache;
  }

  #appendOf({ stream, aggregate, contexts, keysBefore }: Tracked): StreamAppend {
    const events = aggregate.pendingEvents.map((event, index) => this.#newEvent(event, contexts[index]));
    const uniqueKeys = keyChanges(keysBefore, aggregate);
    return { stream, expectedVersion: aggregate.version, events, uniqueKeys };
  }

  #newEvent(event: object, context: MessageContext | undefined): NewEvent {
    const { correlationId, causationId, userId, actor } = context ?? {};
    return { ...this.#services.serializer.serialize(event), correlationId, causationId, userId, actor };
  }
}

function keyChanges(before: readonly string[], aggregate: AggregateRoot): KeyChanges | undefined {
  if (aggregate.pendingEvents.length === 0) return undefined;
  const claim = aggregate.uniqueKeys();
  const release = before.filter(key => !claim.includes(key));
  // All keys are claimed again, so that an aggregate from before it had any comes by them.
  return claim.length + release.length === 0 ? undefined : { claim, release };
}
