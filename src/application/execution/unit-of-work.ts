import { formatStream } from '../../domain/index.ts';
import type { AggregateRoot, ExpectedVersion, StreamId } from '../../domain/index.ts';
import { markStored } from '../../domain/aggregate-root.ts';
import type {
  AppendResult,
  CommandRecord,
  EventStore,
  KeyChanges,
  NewEvent,
  StreamAppend,
} from '../ports/event-store.ts';
import type { EventSerializer } from '../ports/event-serializer.ts';
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

/** How a unit of work comes to its aggregates, and what it does at its end. */
export interface UnitOfWorkServices {
  readonly store: EventStore;
  readonly serializer: EventSerializer;
}

/**
 * Collects what one command changes, and stores it in one append when the handler has returned.
 *
 * A handler that throws leaves nothing behind, whatever it changed before. One instance per aggregate: a
 * handler that loads it twice sees its own changes.
 */
export class UnitOfWork {
  readonly #services: UnitOfWorkServices;
  readonly #tracked = new Map<string, Tracked>();
  readonly #commands: CommandRecord[] = [];
  /** Released when the unit ends, committed or not. */
  readonly releases: (() => void)[] = [];
  /** Whether a tracked aggregate came from a cache, so that its state may be behind. */
  usedCache = false;
  /** Whether the handler has returned, so that a conflict is a race that was lost. */
  isCommitting = false;
  /** Whether the same work has lost a race before. */
  readonly isRepeated: boolean;
  #context: MessageContext | undefined;

  constructor(services: UnitOfWorkServices, isRepeated = false) {
    this.#services = services;
    this.isRepeated = isRepeated;
  }

  /** Whether it watches no aggregate yet. */
  get isEmpty(): boolean {
    return this.#tracked.size === 0;
  }

  /** The aggregate as this unit has changed it; undefined if it was not loaded here. */
  find(stream: StreamId): AggregateRoot | undefined {
    return this.#tracked.get(formatStream(stream))?.aggregate;
  }

  /** Watches an aggregate: what it raises from now on is stored at the end. */
  track(stream: StreamId, aggregate: AggregateRoot): void {
    const keysBefore = aggregate.version === 0 ? [] : aggregate.uniqueKeys();
    this.#tracked.set(formatStream(stream), { stream, aggregate, keysBefore, verify: false, contexts: [] });
  }

  /** Asks that the end fails if the stream has moved on, even if the aggregate raised nothing. */
  verify(stream: StreamId): void {
    const tracked = this.#tracked.get(formatStream(stream));
    if (tracked !== undefined) tracked.verify = true;
  }

  /** Runs `work` so that the events it raises carry `context`; those raised before keep theirs. */
  async attribute<T>(context: MessageContext | undefined, work: () => T | Promise<T>): Promise<T> {
    const outer = this.#context;
    this.#attributePending();
    this.#context = context;
    try {
      return await work();
    } finally {
      this.#attributePending();
      this.#context = outer;
    }
  }

  #attributePending(): void {
    for (const { aggregate, contexts } of this.#tracked.values()) {
      while (contexts.length < aggregate.pendingEvents.length) contexts.push(this.#context);
    }
  }

  /** Stores that a command ran, in the same append. */
  record(command: CommandRecord): void {
    this.#commands.push(command);
  }

  /**
   * Stores everything in one append; returns what became of each stream that got events.
   *
   * @throws {StreamVersionConflict} an aggregate was changed elsewhere in the meantime
   */
  async commit(signal?: AbortSignal): Promise<readonly AppendResult[]> {
    const touched = [...this.#tracked.values()].filter(tracked => this.#mustAppend(tracked));
    signal?.throwIfAborted();
    if (touched.length === 0 && this.#commands.length === 0) return [];
    const appends = touched.map(tracked => this.#appendOf(tracked));
    this.isCommitting = true;
    const results = await this.#services.store.appendMany(appends, { commands: this.#commands, signal });
    for (const [index, { aggregate }] of touched.entries()) {
      markStored(aggregate, results[index]?.version ?? aggregate.version);
    }
    return results.filter(result => result.eventIds.length > 0);
  }

  /** The aggregates it watches, with their streams. */
  *aggregates(): Iterable<{ stream: StreamId; aggregate: AggregateRoot }> {
    yield* this.#tracked.values();
  }

  #mustAppend(tracked: Tracked): boolean {
    // A decision to do nothing is also a decision: one made on cached state must be checked before it counts.
    return tracked.aggregate.pendingEvents.length > 0 || tracked.verify || this.usedCache;
  }

  #appendOf(tracked: Tracked): StreamAppend {
    const { stream, aggregate, contexts, keysBefore } = tracked;
    const events = aggregate.pendingEvents.map((event, index) => this.#newEvent(event, contexts[index]));
    const expectedVersion: ExpectedVersion = aggregate.version;
    return { stream, expectedVersion, events, uniqueKeys: keyChanges(keysBefore, aggregate) };
  }

  #newEvent(event: object, context: MessageContext | undefined): NewEvent {
    return { ...this.#services.serializer.serialize(event), ...context };
  }
}

function keyChanges(before: readonly string[], aggregate: AggregateRoot): KeyChanges | undefined {
  if (aggregate.pendingEvents.length === 0) return undefined;
  const after = aggregate.uniqueKeys();
  const claim = after.filter(key => !before.includes(key));
  const release = before.filter(key => !after.includes(key));
  return claim.length + release.length === 0 ? undefined : { claim, release };
}
