import type { AppendResult } from '../../application/ports/event-store.ts';
import {
  CommandAlreadyStored,
  EventIdConflict,
  StreamVersionConflict,
  UniqueKeyTaken,
} from '../../application/ports/event-store-errors.ts';
import type { PreparedAppend } from '../../application/events/prepare-append.ts';
import type { SqlRow } from './sql-client.ts';

/** What became of a unit. */
export type UnitOutcome =
  | { readonly status: 'stored'; readonly results: readonly AppendResult[] }
  | { readonly status: 'refused'; readonly error: Error }
  /** Another unit of the call had the same ids; to be sent once more. */
  | { readonly status: 'again' };

/* Null where there is nothing to tell: no event, no write, nothing but stored. */
type Answer = [
  positions: number[] | null,
  versions: number[] | null,
  statuses: number[] | null,
  explanations: unknown[] | null,
];

/** What the one row that `append_events` returned says of each unit. */
export function readOutcomes(
  units: readonly { readonly prepared: PreparedAppend }[],
  row: SqlRow,
): UnitOutcome[] {
  const answer = JSON.parse(row[0]!) as Answer;
  const [positions, versions] = [answer[0] ?? [], answer[1] ?? []];
  const [statuses, explanations] = [answer[2] ?? [], answer[3] ?? []];
  const cursor = { write: 0, event: 0 };
  return units.map(({ prepared }, unit) => {
    const count = prepared.writes.reduce((sum, write) => sum + write.events.length, 0);
    const own = versions.slice(cursor.write, (cursor.write += prepared.writes.length));
    const written = positions.slice(cursor.event, (cursor.event += count));
    const status = statuses[unit] ?? 0;
    const explanation = explanations[unit];
    if (status === 2)
      return { status: 'stored', results: toResults(prepared, own, explanation as number[], true) };
    if (status === 6) return { status: 'again' };
    if (status !== 0) {
      const firstWrite = cursor.write - prepared.writes.length + 1;
      return { status: 'refused', error: toError(status, prepared, own, explanation, firstWrite) };
    }
    return { status: 'stored', results: toResults(prepared, own, written, false) };
  });
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
