import { formatStream } from '../../domain/index.ts';
import type { ExpectedVersion, StreamId } from '../../domain/index.ts';
import type { PreparedAppend, PreparedWrite } from '../../application/events/prepare-append.ts';
import type { TraceContext } from '../../application/ports/telemetry.ts';
import { AppendColumns } from './append-columns.ts';
import { readOutcomes } from './append-outcomes.ts';
import type { UnitOutcome } from './append-outcomes.ts';
import { int4Array, textArray, timestamptzArray } from './binary-arrays.ts';
import type { SqlParameter, SqlRow } from './sql-client.ts';

/** An append on its way to `append_events`. */
export interface AppendUnit {
  readonly prepared: PreparedAppend;
  /** Whether its ids may be stored already, even if the versions fit. */
  readonly probe: boolean;
  /** The span of the append, if it is traced. */
  readonly trace?: TraceContext | undefined;
}

/** One call of `append_events` that stores all units, each for itself. */
export interface AppendCall {
  readonly parameters: readonly SqlParameter[];
  /** What the one row that it returns says of each unit, in the order in which they were given. */
  read(row: SqlRow): readonly UnitOutcome[];
}

/** Makes one call of units; see migrations/0002_append_events.sql for its parameters. */
export function callFor(units: readonly AppendUnit[]): AppendCall {
  const streams = new TouchedStreams(units);
  // The call wants one order for streams and units, where there is no plan to tell which belongs to which.
  const isPlain = streams.eachHasOneUnit && units.every(isSimple);
  const ordered = isPlain ? streams.unitsInOrder : units;
  const columns = new AppendColumns();
  for (const { prepared } of ordered) for (const { events } of prepared.writes) columns.addWrite(events);
  const plan = isPlain ? null : planOf(units, streams);
  return {
    parameters: [...streams.parameters(), ...columns.parameters(), plan],
    read(row) {
      const outcomes = readOutcomes(ordered, row);
      return isPlain ? streams.inOrderOfUnits(outcomes) : outcomes;
    },
  };
}

/* What the arrays alone can say: one write, no keys of any kind, no command, no look at ids. */
function isSimple({ prepared, probe }: AppendUnit): boolean {
  const { writes, commands, idBehind } = prepared;
  if (probe || commands.length > 0 || writes.length > 1 || idBehind !== null) return false;
  return writes.length === 1 && writes[0]!.claim.length === 0 && writes[0]!.release.length === 0;
}

function expectedNumber(expected: ExpectedVersion): number {
  if (typeof expected === 'number') return expected;
  return { none: 0, any: -1, exists: -2 }[expected];
}

interface TouchedStream {
  readonly name: string;
  readonly stream: StreamId;
  /** By its index. */
  readonly firstUnit: number;
  expected: number;
  events: number;
  recordedAtMs: number;
  units: number;
}

/* All writers lock streams in one order, so that no two of them wait for each other. */
class TouchedStreams {
  readonly #units: readonly AppendUnit[];
  readonly #sorted: readonly TouchedStream[];

  constructor(units: readonly AppendUnit[]) {
    const byName = new Map<string, TouchedStream>();
    for (const [index, { prepared }] of units.entries()) {
      for (const write of prepared.writes) touch(byName, index, write, prepared.recordedAtMs);
    }
    this.#units = units;
    this.#sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get eachHasOneUnit(): boolean {
    return this.#sorted.every(({ units }) => units === 1);
  }

  get unitsInOrder(): readonly AppendUnit[] {
    return this.#sorted.map(({ firstUnit }) => this.#units[firstUnit]!);
  }

  /** What is known of each of `unitsInOrder`, in the order in which the units were given. */
  inOrderOfUnits<Known>(known: readonly Known[]): Known[] {
    const found = [...known];
    for (const [index, { firstUnit }] of this.#sorted.entries()) found[firstUnit] = known[index]!;
    return found;
  }

  /** The number of each stream in the call, by its name. */
  numbers(): ReadonlyMap<string, number> {
    return new Map(this.#sorted.map(({ name }, index) => [name, index + 1]));
  }

  parameters(): SqlParameter[] {
    const streams = this.#sorted;
    return [
      textArray(streams.map(({ stream }) => stream.aggregateType)),
      textArray(streams.map(({ stream }) => stream.aggregateId)),
      int4Array(streams.map(({ expected }) => expected)),
      int4Array(streams.map(({ events }) => events)),
      timestamptzArray(streams.map(({ recordedAtMs }) => recordedAtMs)),
    ];
  }
}

function mayBeNew(expected: number): boolean {
  return expected === 0 || expected === expectedNumber('any');
}

function touch(
  byName: Map<string, TouchedStream>,
  unit: number,
  write: PreparedWrite,
  recordedAtMs: number,
): void {
  const name = formatStream(write.stream);
  const expected = expectedNumber(write.expectedVersion);
  const known = byName.get(name);
  if (known !== undefined) {
    // Whichever write may make the stream says so for all of them; what each one expects is in the plan.
    if (mayBeNew(expected)) known.expected = expected;
    known.events += write.events.length;
    known.recordedAtMs = Math.max(known.recordedAtMs, recordedAtMs);
    known.units++;
    return;
  }
  const { stream, events } = write;
  byName.set(name, {
    name,
    stream,
    firstUnit: unit,
    expected,
    events: events.length,
    recordedAtMs,
    units: 1,
  });
}

/* Written for the database; what it holds is described above decide_appends. */
function planOf(units: readonly AppendUnit[], streams: TouchedStreams): string {
  const plan = {
    units: units.map(({ prepared: { recordedAtMs, idBehind }, probe }) => [
      ...[new Date(recordedAtMs).toISOString(), probe, idBehind],
    ]),
    writes: [] as unknown[],
    keys: [] as unknown[],
    commands: [] as unknown[],
  };
  const numbers = streams.numbers();
  for (const [index, { prepared }] of units.entries()) {
    for (const { stream, expectedVersion, events, claim, release } of prepared.writes) {
      const number = numbers.get(formatStream(stream));
      plan.writes.push([index + 1, number, expectedNumber(expectedVersion), events.length]);
      for (const key of release) plan.keys.push([plan.writes.length, key, false]);
      for (const key of claim) plan.keys.push([plan.writes.length, key, true]);
    }
    for (const { commandId, fingerprint, resultJson } of prepared.commands) {
      plan.commands.push([index + 1, commandId, fingerprint, resultJson]);
    }
  }
  return JSON.stringify(plan);
}
