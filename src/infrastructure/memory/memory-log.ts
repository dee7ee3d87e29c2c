import { formatStream } from '../../domain/index.ts';
import type { Recorded, StreamId } from '../../domain/index.ts';
import { versionFits } from '../../domain/expected-version.ts';
import type { AppendResult, StoredCommand } from '../../application/ports/event-store.ts';
import {
  CommandAlreadyStored,
  EventIdConflict,
  StreamVersionConflict,
  UniqueKeyTaken,
} from '../../application/ports/event-store-errors.ts';
import { readCommandResult } from '../../application/events/prepare-append.ts';
import type {
  PreparedAppend,
  PreparedEvent,
  PreparedWrite,
} from '../../application/events/prepare-append.ts';
import { StoredEvent } from '../../application/events/stored-event.ts';
import type { StoredEventColumns } from '../../application/events/stored-event.ts';

interface Entry {
  readonly event: StoredEvent;
  readonly columns: StoredEventColumns;
}

/** A checked append, ready to be committed in one step. */
export interface PlannedAppend {
  readonly prepared: PreparedAppend;
  readonly entries: readonly Entry[];
  readonly events: readonly Recorded[];
  readonly results: readonly AppendResult[];
}

/** The data of a memory store: all checks happen in `plan`, all changes in `commit`. */
export class MemoryLog {
  readonly #entries: Entry[] = [];
  readonly #streams = new Map<string, Entry[]>();
  readonly #byId = new Map<string, Entry>();
  readonly #keys = new Map<string, StreamId>();
  readonly #commands = new Map<string, StoredCommand>();

  get lastPosition(): number {
    return this.#entries.length;
  }

  all(): Recorded[] {
    return this.#entries.map(forReader);
  }

  eventsOf(stream: StreamId): Recorded[] {
    return this.#entriesOf(stream).map(forReader);
  }

  *eventsBetween(afterPosition: number, throughPosition: number): Iterable<Recorded> {
    for (let index = afterPosition; index < throughPosition; index++) yield forReader(this.#entries[index]!);
  }

  find(eventId: string): Recorded | undefined {
    const entry = this.#byId.get(eventId.toLowerCase());
    return entry && forReader(entry);
  }

  findCommand(commandId: string): StoredCommand | undefined {
    return this.#commands.get(commandId);
  }

  /** Checks an append against what is stored, and says what it would store. */
  plan(prepared: PreparedAppend): PlannedAppend {
    const repeated = this.#findRepetition(prepared);
    if (repeated !== undefined) return { prepared, entries: [], events: [], results: repeated };
    this.#checkCommands(prepared);
    this.#checkVersions(prepared);
    this.#checkKeys(prepared);
    return this.#planEntries(prepared);
  }

  commit(change: PlannedAppend): void {
    if (change.results.some(result => result.repeated)) return;
    for (const entry of change.entries) this.#add(entry);
    this.#changeKeys(change.prepared.writes);
    for (const { commandId, fingerprint, resultJson } of change.prepared.commands) {
      const lastPosition = change.entries.at(-1)?.event.position ?? 0;
      this.#commands.set(commandId, {
        commandId,
        fingerprint,
        result: readCommandResult(resultJson),
        lastPosition,
      });
    }
  }

  #entriesOf(stream: StreamId): Entry[] {
    return this.#streams.get(formatStream(stream)) ?? [];
  }

  #findRepetition({ writes, idBehind }: PreparedAppend): AppendResult[] | undefined {
    const ids = writes.flatMap(write => write.events.map(event => event.eventId));
    const known = ids.find(id => this.#byId.has(id));
    if (known === undefined) return undefined;
    const results = writes.map(write => this.#repeat(write));
    const wereMore = idBehind !== null && this.#byId.has(idBehind);
    if (!wereMore && results.every(result => result !== undefined)) return results;
    const { stream } = writes.find(({ events }) => events.some(event => event.eventId === known))!;
    throw new EventIdConflict(stream, known);
  }

  /* The first result of this write; undefined if it is not stored exactly so. */
  #repeat({ stream, events }: PreparedWrite): AppendResult | undefined {
    const entries = events.flatMap(event => this.#byId.get(event.eventId) ?? []);
    const first = entries[0]?.event.version ?? 0;
    const isSame = events.every((event, index) => {
      const entry = entries[index];
      return entry && isSameEvent(entry, event, stream) && entry.event.version === first + index;
    });
    if (!isSame) return undefined;
    return appendResult(
      stream,
      entries,
      entries.at(-1)?.event.version ?? this.#entriesOf(stream).length,
      true,
    );
  }

  #checkVersions({ writes }: PreparedAppend): void {
    const versions = new Map<string, number>();
    for (const { stream, expectedVersion, events } of writes) {
      const name = formatStream(stream);
      const actual = versions.get(name) ?? this.#entriesOf(stream).length;
      if (!versionFits(expectedVersion, actual))
        throw new StreamVersionConflict(stream, expectedVersion, actual);
      versions.set(name, actual + events.length);
    }
  }

  #checkCommands({ commands }: PreparedAppend): void {
    for (const { commandId } of commands) {
      if (this.#commands.has(commandId)) throw new CommandAlreadyStored(commandId);
    }
  }

  #checkKeys({ writes }: PreparedAppend): void {
    const holders = new Map<string, StreamId>();
    for (const { stream, release } of writes) {
      for (const key of release) if (this.#isHeldBy(key, stream)) holders.set(key, stream);
    }
    const released = new Set(holders.keys());
    const claimed = new Map<string, StreamId>();
    for (const { stream, claim } of writes) {
      for (const key of claim) {
        const holder = claimed.get(key) ?? (released.has(key) ? undefined : this.#keys.get(key));
        if (holder !== undefined && formatStream(holder) !== formatStream(stream)) {
          throw new UniqueKeyTaken(key, stream, holder);
        }
        claimed.set(key, stream);
      }
    }
  }

  #isHeldBy(key: string, stream: StreamId): boolean {
    const holder = this.#keys.get(key);
    return holder !== undefined && formatStream(holder) === formatStream(stream);
  }

  #planEntries(prepared: PreparedAppend): PlannedAppend {
    const all: Entry[] = [];
    const versions = new Map<string, number>();
    const results = prepared.writes.map(({ stream, events }) => {
      const before = this.#entriesOf(stream);
      const recordedAtMs = Math.max(prepared.recordedAtMs, before.at(-1)?.event.recordedAt.getTime() ?? 0);
      const version = versions.get(formatStream(stream)) ?? before.length;
      versions.set(formatStream(stream), version + events.length);
      const entries = events.map((event, index) => {
        const place = {
          version: version + index + 1,
          position: this.#entries.length + all.length + index + 1,
        };
        const columns = { ...event, ...stream, ...place, recordedAtMs };
        return { columns, event: new StoredEvent(columns) };
      });
      all.push(...entries);
      return appendResult(stream, entries, version + entries.length, false);
    });
    return { prepared, entries: all, events: all.map(forReader), results };
  }

  #add(entry: Entry): void {
    const name = formatStream(entry.event);
    const stream = this.#streams.get(name);
    if (stream === undefined) this.#streams.set(name, [entry]);
    else stream.push(entry);
    this.#entries.push(entry);
    this.#byId.set(entry.event.eventId, entry);
  }

  /* What is released is free for the claims of the same append, in whichever order they are written. */
  #changeKeys(writes: readonly PreparedWrite[]): void {
    for (const { stream, release } of writes) {
      for (const key of release) if (this.#isHeldBy(key, stream)) this.#keys.delete(key);
    }
    for (const { stream, claim } of writes) for (const key of claim) this.#keys.set(key, stream);
  }
}

function isSameEvent(entry: Entry, event: PreparedEvent, stream: StreamId): boolean {
  const { columns } = entry;
  return (
    columns.type === event.type &&
    columns.schemaVersion === event.schemaVersion &&
    columns.payloadJson === event.payloadJson &&
    formatStream(columns) === formatStream(stream)
  );
}

/* Each reader gets an event of its own: what one does to its payload, no other sees. */
function forReader({ columns }: Entry): Recorded {
  return new StoredEvent(columns);
}

function appendResult(
  stream: StreamId,
  entries: readonly Entry[],
  version: number,
  repeated: boolean,
): AppendResult {
  const positions = entries.map(entry => entry.event.position);
  const eventIds = entries.map(entry => entry.event.eventId);
  return { stream, version, lastPosition: positions.at(-1) ?? 0, positions, eventIds, repeated };
}
