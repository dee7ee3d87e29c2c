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
      if (!isPlain) return outcomes;
      const byUnit = new Map(ordered.map((unit, index) => [unit, outcomes[index]!]));
      return units.map(unit => byUnit.get(unit)!);
    },
  };
}

/* What the arrays alone can say: one write, no key, no command, no look at ids. */
function isSimple({ prepared, probe }: AppendUnit): boolean {
  const { writes, commands } = prepared;
  if (probe || commands.length > 0 || writes.length > 1) return false;
  return writes.length === 1 && writes[0]!.claim.length === 0 && writes[0]!.release.length === 0;
}

function expectedNumber(expected: ExpectedVersion): number {
  if (typeof expected === 'number') return expected;
  return { none: 0, any: -1, exists: -2 }[expected];
}

interface TouchedStream {
  readonly name: string;
  readonly stream: StreamId;
  readonly firstUnit: AppendUnit;
  expected: number;
  events: number;
  recordedAtMs: number;
  units: number;
}

/* All writers lock streams in one order, so that no two of them wait for each other. */
class TouchedStreams {
  readonly #sorted: readonly TouchedStream[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(units: readonly AppendUnit[]) {
    const byName = new Map<string, TouchedStream>();
    for (const unit of units) for (const write of unit.prepared.writes) touch(byName, unit, write);
    this.#sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#numbers = new Map(this.#sorted.map(({ name }, index) => [name, index + 1]));
  }

  get eachHasOneUnit(): boolean {
    return this.#sorted.every(({ units }) => units === 1);
  }

  get unitsInOrder(): readonly AppendUnit[] {
    return this.#sorted.map(({ firstUnit }) => firstUnit);
  }

  numberOf(stream: StreamId): number {
    return this.#numbers.get(formatStream(stream))!;
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

function touch(byName: Map<string, TouchedStream>, unit: AppendUnit, write: PreparedWrite): void {
  const { recordedAtMs } = unit.prepared;
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
    units: units.map(({ prepared, probe }) => [new Date(prepared.recordedAtMs).toISOString(), probe]),
    writes: [] as unknown[],
    keys: [] as unknown[],
    commands: [] as unknown[],
  };
  for (const [index, { prepared }] of units.entries()) {
    for (const { stream, expectedVersion, events, claim, release } of prepared.writes) {
      const number = streams.numberOf(stream);
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
