import type { ExpectedVersion, Recorded, StreamId } from '../../../src/domain/index.ts';
import { eventIdFromKey } from '../../../src/application/events/event-id.ts';
import type {
  AppendOptions,
  AppendResult,
  EventFilter,
  NewEvent,
  StoredCommand,
  StreamAppend,
} from '../../../src/application/ports/event-store.ts';

/** What identifies a typed error: its code and its facts. */
export type ErrorFacts = Readonly<Record<string, unknown>> & { readonly code: string };

/** What the model says that an append must come to. */
export type Verdict =
  | { readonly outcome: 'refused'; readonly oneOf: readonly ErrorFacts[] }
  | { readonly outcome: 'repeated'; readonly results: readonly AppendResult[] }
  /** The store chooses the positions, and ids where none were given; `enter` takes them over. */
  | { readonly outcome: 'stored'; readonly versions: readonly number[] };

type IdentifiedEvent = Omit<NewEvent, 'eventId'> & { readonly eventId: string | undefined };

/** The event store as simply as can be: a list of events, a map of keys, a map of commands. */
export class ModelStore {
  readonly events: Recorded[] = [];
  readonly commands = new Map<string, StoredCommand>();
  readonly #keys = new Map<string, StreamId>();

  eventsOf(stream: StreamId): Recorded[] {
    return this.events.filter(event => isSame(event, stream));
  }

  version(stream: StreamId): number {
    return this.eventsOf(stream).length;
  }

  find(eventId: string): Recorded | undefined {
    return this.events.find(event => event.eventId === eventId);
  }

  matching(filter: EventFilter): Recorded[] {
    const { types, aggregateTypes, since, until, ...fields } = filter;
    return this.events.filter(
      event =>
        (types?.includes(event.type) ?? true) &&
        (aggregateTypes?.includes(event.aggregateType) ?? true) &&
        (since === undefined || event.recordedAt >= since) &&
        (until === undefined || event.recordedAt <= until) &&
        Object.entries(fields).every(
          ([name, value]) => value === undefined || event[name as keyof Recorded] === value,
        ),
    );
  }

  /** What an append must come to; changes nothing. */
  judge(appends: readonly StreamAppend[], options: AppendOptions): Verdict {
    const written = this.identify(appends, options);
    return (
      this.#judgeIds(appends, written, options) ??
      this.#judgeCommands(options) ??
      this.#judgeVersions(appends) ??
      this.#judgeKeys(appends) ?? {
        outcome: 'stored',
        versions: appends.map(({ events }, index) => this.#versionBefore(appends, index) + events.length),
      }
    );
  }

  /** The events of each write with the ids that their caller chose, one way or the other. */
  identify(appends: readonly StreamAppend[], { idempotencyKey }: AppendOptions): IdentifiedEvent[][] {
    let index = 0;
    const idOf = (event: NewEvent): string | undefined => {
      const place = index++;
      if (event.eventId !== undefined) return event.eventId.toLowerCase();
      return idempotencyKey === undefined ? undefined : eventIdFromKey(idempotencyKey, place);
    };
    return appends.map(({ events }) => events.map(event => ({ ...event, eventId: idOf(event) })));
  }

  /** Takes over what was stored. */
  enter(
    appends: readonly StreamAppend[],
    options: AppendOptions,
    results: readonly AppendResult[],
    now: Date,
  ): void {
    for (const [index, { stream, events }] of appends.entries())
      this.#enter(stream, events, results[index]!, now);
    this.events.sort((a, b) => a.position - b.position);
    for (const { stream, uniqueKeys } of appends) {
      for (const key of uniqueKeys?.release ?? []) if (this.#holds(stream, key)) this.#keys.delete(key);
    }
    for (const { stream, uniqueKeys } of appends) {
      for (const key of uniqueKeys?.claim ?? []) this.#keys.set(key, stream);
    }
    const lastPosition = Math.max(0, ...results.map(result => result.lastPosition));
    for (const command of options.commands ?? [])
      this.commands.set(command.commandId, { ...command, lastPosition });
  }

  #enter(stream: StreamId, events: readonly NewEvent[], result: AppendResult, now: Date): void {
    const before = this.eventsOf(stream);
    const recordedAt = new Date(Math.max(now.getTime(), ...before.map(event => event.recordedAt.getTime())));
    for (const [index, event] of events.entries()) {
      const { type, payload, schemaVersion = 1, correlationId, causationId, userId } = event;
      const { actor = 'system', metadata = {} } = event;
      const place = { version: before.length + index + 1, position: result.positions[index]!, recordedAt };
      const origin = { correlationId, causationId, userId, actor, metadata, payload };
      this.events.push({
        eventId: result.eventIds[index]!,
        type,
        schemaVersion,
        ...stream,
        ...place,
        ...origin,
      });
    }
  }

  #holds(stream: StreamId, key: string): boolean {
    const holder = this.#keys.get(key);
    return holder !== undefined && isSame(holder, stream);
  }

  #judgeIds(
    appends: readonly StreamAppend[],
    written: readonly IdentifiedEvent[][],
    { idempotencyKey }: AppendOptions,
  ): Verdict | undefined {
    const all = written.flatMap((events, index) =>
      events.flatMap(({ eventId }) =>
        eventId === undefined ? [] : [{ eventId, stream: appends[index]!.stream }],
      ),
    );
    const twice = all.find(({ eventId }, index) => all.slice(0, index).some(one => one.eventId === eventId));
    const known = twice ?? all.find(({ eventId }) => this.find(eventId) !== undefined);
    if (known === undefined) return undefined;
    const results = appends.map(({ stream }, index) => this.#repetition(stream, written[index]!));
    // Under a key the number of events is known, too.
    const behind = idempotencyKey === undefined ? '' : eventIdFromKey(idempotencyKey, written.flat().length);
    if (this.find(behind) === undefined && results.every(result => result !== undefined))
      return { outcome: 'repeated', results };
    const { eventId } = known;
    const stream = all.find(one => one.eventId === eventId)!.stream;
    return { outcome: 'refused', oneOf: [{ code: 'event-id-conflict', stream, eventId }] };
  }

  /* The first result of a write, if its events are stored in this stream one after another, as they are. */
  #repetition(stream: StreamId, events: readonly IdentifiedEvent[]): AppendResult | undefined {
    const stored = events.map(({ eventId }) => (eventId === undefined ? undefined : this.find(eventId)));
    const first = stored[0]?.version ?? 0;
    const isComplete = stored.every((found, index) => {
      if (found === undefined || !isSame(found, stream) || found.version !== first + index) return false;
      const { type, schemaVersion = 1, payload } = events[index]!;
      return (
        found.type === type &&
        found.schemaVersion === schemaVersion &&
        JSON.stringify(found.payload) === JSON.stringify(payload)
      );
    });
    if (!isComplete) return undefined;
    const positions = stored.map(found => found!.position);
    const eventIds = stored.map(found => found!.eventId);
    const version = stored.at(-1)?.version ?? this.version(stream);
    return { stream, version, lastPosition: positions.at(-1) ?? 0, positions, eventIds, repeated: true };
  }

  #judgeCommands({ commands = [] }: AppendOptions): Verdict | undefined {
    const known = commands.filter(({ commandId }) => this.commands.has(commandId));
    if (known.length === 0) return undefined;
    const oneOf = known.map(({ commandId }) => ({ code: 'command-already-stored', commandId }));
    return { outcome: 'refused', oneOf };
  }

  #judgeVersions(appends: readonly StreamAppend[]): Verdict | undefined {
    const versions = appends.map((_append, index) => this.#versionBefore(appends, index));
    const refused = appends.findIndex(
      ({ expectedVersion }, index) => !fits(expectedVersion, versions[index]!),
    );
    if (refused < 0) return undefined;
    const { stream, expectedVersion } = appends[refused]!;
    const facts = { code: 'stream-version-conflict', stream, expectedVersion };
    return { outcome: 'refused', oneOf: [{ ...facts, actualVersion: versions[refused]! }] };
  }

  /* Each part of a stream finds those before it stored. */
  #versionBefore(appends: readonly StreamAppend[], index: number): number {
    const { stream } = appends[index]!;
    const earlier = appends.slice(0, index).filter(append => isSame(append.stream, stream));
    return this.version(stream) + earlier.reduce((sum, { events }) => sum + events.length, 0);
  }

  #judgeKeys(appends: readonly StreamAppend[]): Verdict | undefined {
    const isReleased = (key: string): boolean =>
      appends.some(({ stream, uniqueKeys }) => uniqueKeys?.release.includes(key) && this.#holds(stream, key));
    const claims = appends.flatMap(({ stream, uniqueKeys }) =>
      (uniqueKeys?.claim ?? []).map(key => ({ key, stream })),
    );
    const clashes = claims.flatMap(({ key, stream }, index) => {
      const held = isReleased(key) ? undefined : this.#keys.get(key);
      const earlier = claims
        .slice(0, index)
        .filter(claim => claim.key === key)
        .map(claim => claim.stream);
      const holders = [...(held === undefined ? [] : [held]), ...earlier].filter(
        holder => !isSame(holder, stream),
      );
      return holders.map(holder => ({ code: 'unique-key-taken', key, stream, holder }));
    });
    return clashes.length === 0 ? undefined : { outcome: 'refused', oneOf: clashes };
  }
}

function isSame(one: StreamId, other: StreamId): boolean {
  return one.aggregateType === other.aggregateType && one.aggregateId === other.aggregateId;
}

function fits(expected: ExpectedVersion, actual: number): boolean {
  if (expected === 'any') return true;
  if (expected === 'exists') return actual > 0;
  return actual === (expected === 'none' ? 0 : expected);
}
