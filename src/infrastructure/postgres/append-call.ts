import { formatStream } from '../../domain/index.ts';
import type { ExpectedVersion, StreamId } from '../../domain/index.ts';
import type { AppendResult } from '../../application/ports/event-store.ts';
import {
  CommandAlreadyStored,
  EventIdConflict,
  StreamVersionConflict,
  UniqueKeyTaken,
} from '../../application/ports/event-store-errors.ts';
import type {
  PreparedAppend,
  PreparedEvent,
  PreparedWrite,
} from '../../application/events/prepare-append.ts';
import {
  boolArray,
  int2Array,
  int4Array,
  jsonArray,
  textArray,
  timestamptzArray,
  uuidArray,
} from './binary-arrays.ts';
import type { SqlParameter, SqlRow } from './sql-client.ts';

/** An append on its way to `append_events`. */
export interface AppendUnit {
  readonly prepared: PreparedAppend;
  /** Whether its ids may be stored already, even if the versions fit. */
  readonly probe: boolean;
}

/** What became of a unit. */
export type UnitOutcome =
  | { readonly status: 'stored'; readonly results: readonly AppendResult[] }
  | { readonly status: 'refused'; readonly error: Error }
  /** Another unit of the call had the same ids; to be sent once more. */
  | { readonly status: 'again' };

/** The parameters of one call of `append_events` that stores all units, each for itself. */
export function encodeAppends(units: readonly AppendUnit[]): SqlParameter[] {
  const writes = units.flatMap(({ prepared }, unit) =>
    prepared.writes.map(write => ({ unit: unit + 1, write })),
  );
  const streams = sortedStreams(writes.map(({ write }) => write.stream));
  const numbers = new Map(streams.map((stream, index) => [formatStream(stream), index + 1]));
  return [
    textArray(streams.map(stream => stream.aggregateType)),
    textArray(streams.map(stream => stream.aggregateId)),
    timestamptzArray(units.map(unit => unit.prepared.recordedAtMs)),
    boolArray(units.map(unit => unit.probe)),
    int4Array(writes.map(({ unit }) => unit)),
    int4Array(writes.map(({ write }) => numbers.get(formatStream(write.stream))!)),
    int4Array(writes.map(({ write }) => expectedNumber(write.expectedVersion))),
    int4Array(writes.map(({ write }) => write.events.length)),
    ...encodeEvents(writes.map(({ write }) => write)),
    ...encodeKeys(writes.map(({ write }) => write)),
    ...encodeCommands(units),
  ];
}

/* All writers lock streams in this order, so that no two of them wait for each other. */
function sortedStreams(streams: readonly StreamId[]): StreamId[] {
  const byName = new Map(streams.map(stream => [formatStream(stream), stream]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stream]) => stream);
}

function expectedNumber(expected: ExpectedVersion): number {
  if (typeof expected === 'number') return expected;
  return { none: 0, any: -1, exists: -2 }[expected];
}

function encodeEvents(writes: readonly PreparedWrite[]): SqlParameter[] {
  const events: PreparedEvent[] = [];
  const [writeNumbers, indexes]: [number[], number[]] = [[], []];
  for (const [write, { events: own }] of writes.entries()) {
    for (const [index, event] of own.entries()) {
      events.push(event);
      writeNumbers.push(write + 1);
      indexes.push(index + 1);
    }
  }
  return [
    int4Array(writeNumbers),
    int4Array(indexes),
    uuidArray(events.map(event => event.eventId)),
    textArray(events.map(event => event.type)),
    int2Array(events.map(event => event.schemaVersion)),
    jsonArray(events.map(event => event.payloadJson)),
    jsonArray(events.map(event => event.metadataJson)),
    textArray(events.map(event => event.correlationId)),
    textArray(events.map(event => event.causationId)),
    textArray(events.map(event => event.userId)),
    textArray(events.map(event => event.actor)),
  ];
}

function encodeKeys(writes: readonly PreparedWrite[]): SqlParameter[] {
  const keys = writes.flatMap(({ claim, release }, write) => [
    ...release.map(key => ({ write: write + 1, key, isClaim: false })),
    ...claim.map(key => ({ write: write + 1, key, isClaim: true })),
  ]);
  return [
    int4Array(keys.map(({ write }) => write)),
    textArray(keys.map(({ key }) => key)),
    boolArray(keys.map(({ isClaim }) => isClaim)),
  ];
}

function encodeCommands(units: readonly AppendUnit[]): SqlParameter[] {
  const commands = units.flatMap(({ prepared }, unit) =>
    prepared.commands.map(command => ({ unit: unit + 1, ...command })),
  );
  return [
    int4Array(commands.map(({ unit }) => unit)),
    textArray(commands.map(({ commandId }) => commandId)),
    textArray(commands.map(({ fingerprint }) => fingerprint)),
    jsonArray(commands.map(({ resultJson }) => resultJson)),
  ];
}

/** What the one row that `append_events` returns says of each unit. */
export function decodeOutcomes(units: readonly AppendUnit[], row: SqlRow): UnitOutcome[] {
  const [statuses, versions, positions] = row.slice(0, 3).map(readNumbers) as [number[], number[], number[]];
  const explanations = row[3] == null ? [] : (JSON.parse(row[3]) as unknown[]);
  const cursor = { write: 0, event: 0 };
  return units.map(({ prepared }, unit) => {
    const own = versions.slice(cursor.write, (cursor.write += prepared.writes.length));
    const status = statuses[unit] ?? 0;
    const explanation = explanations[unit];
    if (status === 2)
      return { status: 'stored', results: toResults(prepared, own, explanation as number[], true) };
    if (status === 6) return { status: 'again' };
    if (status !== 0) {
      const firstWrite = cursor.write - prepared.writes.length + 1;
      return { status: 'refused', error: toError(status, prepared, own, explanation, firstWrite) };
    }
    const count = prepared.writes.reduce((sum, write) => sum + write.events.length, 0);
    const written = positions.slice(cursor.event, (cursor.event += count));
    return { status: 'stored', results: toResults(prepared, own, written, false) };
  });
}

function readNumbers(array: string | null | undefined): number[] {
  return array == null || array === '{}' ? [] : array.slice(1, -1).split(',').map(Number);
}

function toResults(
  { writes }: PreparedAppend,
  versions: readonly number[],
  positions: readonly number[],
  repeated: boolean,
): AppendResult[] {
  let next = 0;
  return writes.map(({ stream, events }, index) => {
    const own = positions.slice(next, (next += events.length));
    const eventIds = events.map(event => event.eventId);
    const version = versions[index] ?? 0;
    return { stream, version, lastPosition: own.at(-1) ?? 0, positions: own, eventIds, repeated };
  });
}

function toError(
  status: number,
  { writes }: PreparedAppend,
  versions: readonly number[],
  explanation: unknown,
  firstWrite: number,
): Error {
  switch (status) {
    case 1: {
      const index = (explanation as number) - firstWrite;
      const { stream, expectedVersion } = writes[index]!;
      return new StreamVersionConflict(stream, expectedVersion, versions[index] ?? 0);
    }
    case 3: {
      const id = explanation as string;
      const write = writes.find(({ events }) => events.some(event => event.eventId === id)) ?? writes[0]!;
      return new EventIdConflict(write.stream, id);
    }
    case 4: {
      const taken = explanation as { write: number; key: string; type: string; id: string };
      const holder = { aggregateType: taken.type, aggregateId: taken.id };
      return new UniqueKeyTaken(taken.key, writes[taken.write - firstWrite]!.stream, holder);
    }
    default:
      return new CommandAlreadyStored(explanation as string);
  }
}
