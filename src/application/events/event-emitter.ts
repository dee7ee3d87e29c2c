import { createHash } from 'node:crypto';
import type { Actor, EventMetadata } from '../../domain/index.ts';
import type { EventStore, NewEvent } from '../ports/event-store.ts';
import type { Logger } from '../ports/logger.ts';
import { canonicalJson } from './canonical-json.ts';
import { toJsonText } from './json-text.ts';
import type { ExecutionScope } from '../execution/execution-scope.ts';
import { AnnalsError } from '../../domain/index.ts';

/** An event that is emitted without an aggregate. */
export interface Emission {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly eventType: string;
  readonly payload: object;
  readonly schemaVersion?: number;
  readonly userId?: string;
  readonly actor?: Actor;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly metadata?: EventMetadata;
  /** Within one session an equal event is emitted once. */
  readonly sessionId?: string;
}

/** Options of the emitter. */
export interface EventEmitterOptions {
  /** Asked before each event; default: always on. */
  readonly isEnabled?: () => boolean;
  /** Events that `emitLater` may hold; default 1,000. */
  readonly maxQueued?: number;
}

/** `emitLater` was called more often than the store could follow; the event was not taken. */
export class EmitterQueueFull extends AnnalsError {
  readonly code = 'emitter-queue-full';

  constructor(limit: number) {
    super(
      `${limit} events wait to be emitted, which is the limit. Emit with emit() and await it, or slow down.`,
    );
  }
}

// Sessions end without telling; the ones used longest ago are forgotten first, and so are events of a long one.
const maxSessions = 10_000;
const maxEventsPerSession = 10_000;

/** Appends events that no aggregate decided on, e.g. of an audit trail, whatever the stream's version. */
export class EventEmitter {
  readonly #store: EventStore;
  readonly #scope: ExecutionScope;
  readonly #logger: Logger;
  readonly #isEnabled: () => boolean;
  readonly #maxQueued: number;
  readonly #sessions = new Map<string, Map<string, Promise<unknown>>>();
  readonly #queued = new Set<Promise<unknown>>();

  constructor(store: EventStore, scope: ExecutionScope, logger: Logger, options: EventEmitterOptions = {}) {
    this.#store = store;
    this.#scope = scope;
    this.#logger = logger;
    this.#isEnabled = options.isEnabled ?? ((): boolean => true);
    this.#maxQueued = options.maxQueued ?? 1_000;
  }

  /** Whether events are emitted at all. */
  get isEnabled(): boolean {
    return this.#isEnabled();
  }

  /** Emits an event; returns its id, or undefined if emission is off or the session has emitted it before. */
  async emit(emission: Emission): Promise<string | undefined> {
    if (!this.isEnabled) return undefined;
    if (emission.sessionId === undefined) return this.#append(emission);
    const emitted = this.#session(emission.sessionId);
    const key = emissionKey(emission.sessionId, emission);
    // After a failure one of those who waited tries again, and the others wait for that one.
    for (let earlier = emitted.get(key); earlier !== undefined; earlier = emitted.get(key)) {
      if (await succeeds(earlier)) return undefined;
      if (emitted.get(key) === earlier) emitted.delete(key);
    }
    const append = this.#append(emission);
    emitted.set(key, append);
    const [oldest] = emitted.keys();
    if (emitted.size > maxEventsPerSession && oldest !== undefined) emitted.delete(oldest);
    return append;
  }

  /**
   * Emits an event without making the caller wait; a failure is logged.
   *
   * @throws {EmitterQueueFull} too many events wait already
   */
  emitLater(emission: Emission): void {
    if (this.#queued.size >= this.#maxQueued) throw new EmitterQueueFull(this.#maxQueued);
    const emitted: Promise<unknown> = this.emit(emission)
      .catch((error: unknown) => {
        this.#logger.error('An event could not be emitted.', { ...placeOf(emission), error });
      })
      .finally(() => this.#queued.delete(emitted));
    this.#queued.add(emitted);
  }

  /** Waits until everything given to `emitLater` is stored or has failed. */
  async flush(): Promise<void> {
    await Promise.all(this.#queued);
  }

  /** Forgets what a session has emitted. */
  clearSession(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  /** Forgets all sessions. */
  clearAllSessions(): void {
    this.#sessions.clear();
  }

  async #append(emission: Emission): Promise<string | undefined> {
    const { aggregateType, aggregateId, eventType, sessionId, ...rest } = emission;
    const metadata = sessionId === undefined ? rest.metadata : { ...rest.metadata, sessionId };
    const result = await this.#store.append({
      stream: { aggregateType, aggregateId },
      expectedVersion: 'any',
      events: [{ ...rest, ...this.#originOf(emission), type: eventType, metadata }],
    });
    return result.eventIds[0];
  }

  /* What an emission leaves open, or says to be undefined, it has of the message being handled. */
  #originOf(emission: Emission): Pick<NewEvent, 'userId' | 'actor' | 'correlationId' | 'causationId'> {
    const { context } = this.#scope;
    return {
      userId: emission.userId ?? context?.userId,
      actor: emission.actor ?? context?.actor,
      correlationId: emission.correlationId ?? context?.correlationId,
      causationId: emission.causationId ?? context?.causationId,
    };
  }

  #session(sessionId: string): Map<string, Promise<unknown>> {
    const session = this.#sessions.get(sessionId) ?? new Map<string, Promise<unknown>>();
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
    return session;
  }
}

/* The emission may be anything, since it failed. */
function placeOf(emission: Partial<Emission> | undefined): Record<string, unknown> {
  const { eventType, aggregateType, aggregateId } = emission ?? {};
  return { eventType, aggregateType, aggregateId };
}

function emissionKey(sessionId: string, emission: Emission): string {
  const { aggregateType, aggregateId, eventType, payload } = emission;
  // Two payloads that JSON cannot carry might look the same.
  toJsonText(payload, eventType, 'payload');
  const content = canonicalJson([sessionId, aggregateType, aggregateId, eventType, payload]);
  return createHash('sha256').update(content).digest('hex');
}

/* Whether an earlier emission was stored; one that failed may be tried again. */
async function succeeds(emitted: Promise<unknown>): Promise<boolean> {
  return emitted.then(
    () => true,
    () => false,
  );
}
