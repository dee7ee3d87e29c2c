import { setTimeout as pause } from 'node:timers/promises';
import { formatStream } from '../../../src/domain/index.ts';
import type { EventStore, NewEvent } from '../../../src/application/ports/event-store.ts';
import { uuidV7Generator } from '../../../src/infrastructure/system/uuid-v7-generator.ts';
import { findViolations } from './verdict.ts';
import type { SeenEvent } from './verdict.ts';

/** What a load of appends writes. */
export interface LoadOptions {
  readonly callers: number;
  /** Characters of each event's payload; default a few. */
  readonly payloadSize?: number;
  /** Tells the streams of one load from those of another. */
  readonly name?: string;
}

// A caller that was refused asks again after so long, as a person or a queue would.
const retryAfterMs = 20;

/**
 * Callers that append one after the other, and an account of what they were told.
 *
 * A caller whose append fails repeats it with the same event ids until it is acknowledged, as the error's
 * message says; so in the end everything is known.
 */
export class Load {
  readonly acknowledged = new Set<string>();
  /** Every error that a caller has seen, in order. */
  readonly errors: Error[] = [];
  readonly #events: EventStore;
  readonly #callers: Promise<void>[];
  #isStopped = false;

  constructor(events: EventStore, { callers, payloadSize = 10, name = 'load' }: LoadOptions) {
    this.#events = events;
    const payload = { text: 'x'.repeat(payloadSize) };
    this.#callers = Array.from({ length: callers }, (_value, index) =>
      this.#call(`${name}-${index}`, payload),
    );
  }

  /** Lets every caller end what it has begun. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#callers);
  }

  async #call(aggregateId: string, payload: object): Promise<void> {
    const stream = { aggregateType: 'account', aggregateId };
    for (let version = 0; !this.#isStopped; version += 2) {
      const ids = [uuidV7Generator.next(), uuidV7Generator.next()];
      const events = ids.map((eventId): NewEvent => ({ type: 'account.changed', payload, eventId }));
      await this.#untilAcknowledged(() => this.#events.append({ stream, expectedVersion: version, events }));
      for (const id of ids) this.acknowledged.add(id);
    }
  }

  async #untilAcknowledged(append: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await append();
        return;
      } catch (error) {
        this.errors.push(error as Error);
        await pause(retryAfterMs);
      }
    }
  }

  /** What is wrong with what is stored now: nothing lost, nothing doubled, versions without holes. */
  async findViolations(): Promise<string[]> {
    const stored: SeenEvent[] = [];
    for await (const event of this.#events.readFeed()) {
      const { position, eventId, version, type } = event;
      stored.push({ position, eventId, stream: formatStream(event), version, type });
    }
    const unasked = stored.filter(({ eventId }) => !this.acknowledged.has(eventId));
    return [
      ...findViolations(stored, { stored: this.acknowledged, notStored: new Set() }, []),
      ...(unasked.length === 0 ? [] : [`${unasked.length} events are stored that nobody was told of`]),
    ];
  }
}
