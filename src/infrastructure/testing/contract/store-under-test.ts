import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { ExpectedVersion, Recorded, StreamId } from '../../../domain/index.ts';
import type {
  AppendOptions,
  AppendResult,
  EventStore,
  KeyChanges,
  NewEvent,
} from '../../../application/ports/event-store.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { collect } from './expectations.ts';

/** What an append of a case may carry besides its events. */
export interface CaseAppendOptions extends AppendOptions {
  readonly expectedVersion?: ExpectedVersion;
  readonly uniqueKeys?: KeyChanges;
}

/** A store with a ledger: what the case has appended is compared with what the store gives back. */
export class StoreUnderTest {
  readonly store: EventStore;
  readonly clock: VirtualClock;
  /** Where the feed was when the case began. */
  readonly startPosition: number;
  /** No other case has streams of this type. */
  readonly aggregateType: string;
  readonly #ledger: Recorded[] = [];
  readonly #times = new Map<string, number>();

  constructor(store: EventStore, clock: VirtualClock, startPosition: number, aggregateType: string) {
    this.store = store;
    this.clock = clock;
    this.startPosition = startPosition;
    this.aggregateType = aggregateType;
  }

  /** All that the case has appended, in position order. */
  get ledger(): readonly Recorded[] {
    return this.#ledger;
  }

  stream(aggregateId = 'a'): StreamId {
    return { aggregateType: this.aggregateType, aggregateId };
  }

  /** A name that no other case uses, for keys and ids that are global. */
  name(text: string): string {
    return `${this.aggregateType}:${text}`;
  }

  /** Appends and checks every field of the result; returns the events as they must be read back. */
  async append(
    stream: StreamId,
    events: readonly NewEvent[],
    options: CaseAppendOptions = {},
  ): Promise<Recorded[]> {
    const { expectedVersion = 'any', uniqueKeys, ...appendOptions } = options;
    const append = { stream, expectedVersion, events, ...(uniqueKeys && { uniqueKeys }) };
    const result = await this.store.append(append, appendOptions);
    return this.enter(stream, events, result);
  }

  /** Checks the result of an append and adds its events to the ledger; returns them as they must be read back. */
  enter(stream: StreamId, events: readonly NewEvent[], result: AppendResult): Recorded[] {
    const before = this.#ledger.filter(event => event.aggregateId === stream.aggregateId).length;
    this.#checkResult(stream, events, result, before);
    const recordedAt = this.#timeOf(stream);
    const recorded = events.map((event, index): Recorded => {
      const place = { eventId: result.eventIds[index]!, version: before + index + 1, ...stream, recordedAt };
      return { ...complete(event), ...place, position: result.positions[index]! };
    });
    this.#ledger.push(...recorded);
    this.#ledger.sort((a, b) => a.position - b.position);
    return recorded;
  }

  /** Checks that the store holds what the case appended, and nothing else: in the feed and stream by stream. */
  async checkStored(): Promise<void> {
    const { aggregateType, startPosition: afterPosition } = this;
    const feed = this.store.readFeed({ afterPosition, aggregateTypes: [aggregateType] });
    deepStrictEqual(await collect(feed), this.#ledger);
    for (const aggregateId of new Set(this.#ledger.map(event => event.aggregateId))) {
      const expected = this.#ledger.filter(event => event.aggregateId === aggregateId);
      deepStrictEqual(await collect(this.store.readStream(this.stream(aggregateId))), expected);
      equal(await this.store.streamVersion(this.stream(aggregateId)), expected.length);
    }
  }

  #checkResult(
    stream: StreamId,
    events: readonly NewEvent[],
    result: AppendResult,
    versionBefore: number,
  ): void {
    const { positions, eventIds } = result;
    deepStrictEqual(result, {
      ...{ stream, version: versionBefore + events.length, lastPosition: positions.at(-1) ?? 0 },
      ...{ positions, eventIds, repeated: false },
    });
    equal(positions.length, events.length);
    equal(eventIds.length, events.length);
    const highest = this.#ledger.at(-1)?.position ?? this.startPosition;
    for (const [index, position] of positions.entries()) {
      ok(Number.isSafeInteger(position), `position ${position} is no safe integer`);
      ok(position > (positions[index - 1] ?? highest), `position ${position} does not grow`);
    }
    for (const [index, { eventId }] of events.entries()) {
      if (eventId !== undefined) equal(eventIds[index], eventId.toLowerCase());
    }
  }

  /* Time never goes back within a stream, whatever the clock says. */
  #timeOf({ aggregateId }: StreamId): Date {
    const time = Math.max(this.clock.now().getTime(), this.#times.get(aggregateId) ?? -Infinity);
    this.#times.set(aggregateId, time);
    return new Date(time);
  }
}

/* An event with what a store fills in where the writer says nothing. */
function complete(
  event: NewEvent,
): Pick<
  Recorded,
  'type' | 'payload' | 'schemaVersion' | 'correlationId' | 'causationId' | 'userId' | 'actor' | 'metadata'
> {
  const { type, payload, schemaVersion = 1, correlationId, causationId, userId } = event;
  const { actor = 'system', metadata = {} } = event;
  return { type, payload, schemaVersion, correlationId, causationId, userId, actor, metadata };
}
