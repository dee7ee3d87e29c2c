import type { Recorded } from '../../domain/index.ts';
import type { AppendOptions, AppendResult, StreamAppend } from '../../application/ports/event-store.ts';
import type {
  EventToAppend,
  InlineProjections,
  ProjectAppended,
} from '../../application/ports/read-model-store.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import { prepareAppend } from '../../application/events/prepare-append.ts';
import type { AppendPreparation, PreparedAppend } from '../../application/events/prepare-append.ts';
import { callFor } from './append-call.ts';
import type { AppendUnit } from './append-call.ts';
import { AppendFailures, ProjectorThrew, idsOf, takenEventId } from './append-failures.ts';
import type { UnitOutcome } from './append-outcomes.ts';
import { AppendQueue } from './append-queue.ts';
import type { SendUnits } from './append-queue.ts';
import { int8Array } from './binary-arrays.ts';
import { readEvent } from './event-rows.ts';
import type { SqlClient, SqlRunner } from './sql-client.ts';
import { observedCalls } from './observed-calls.ts';
import { SqlReadModelTransaction } from './sql-read-model-transaction.ts';
import type { Statements } from './statements.ts';
import { WatchedRunner } from './watched-runner.ts';

/** What appends need of the app. */
export interface SqlAppendServices extends AppendPreparation {
  /** Default: nobody is told. */
  readonly telemetry?: Telemetry | undefined;
}

/** Sends appends to `append_events` and makes sure that each ends with a known outcome. */
export class SqlAppend {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #preparation: AppendPreparation;
  readonly #telemetry: Telemetry | undefined;
  readonly #queue: AppendQueue;
  readonly #inlineQueue: AppendQueue;
  inline: InlineProjections | undefined;

  constructor(client: SqlClient, statements: Statements, preparation: SqlAppendServices) {
    this.#client = client;
    this.#statements = statements;
    this.#preparation = preparation;
    this.#telemetry = preparation.telemetry;
    const observed = preparation.telemetry && observedCalls(preparation.telemetry);
    const queue = (plain: SendUnits): AppendQueue => {
      const send = observed?.(plain) ?? plain;
      return new AppendQueue(units => lookingUpTakenIds(units, send));
    };
    this.#queue = queue(units => this.#call(client, units));
    this.#inlineQueue = queue(units => this.#callInline(units));
  }

  /** What waits and what is under way, in both queues. */
  get activity(): AppendQueue['activity'] {
    const [plain, inline] = [this.#queue.activity, this.#inlineQueue.activity];
    return {
      appendsWaiting: plain.appendsWaiting + inline.appendsWaiting,
      callsInFlight: plain.callsInFlight + inline.callsInFlight,
      appendsStillMs: Math.max(plain.appendsStillMs, inline.appendsStillMs),
    };
  }

  /**
   * Stores an append, whole or not at all.
   *
   * The same ids are sent again until the outcome is known; once they may be stored, they are looked up.
   */
  append(appends: readonly StreamAppend[], options: AppendOptions): Promise<readonly AppendResult[]> {
    options.signal?.throwIfAborted();
    return this.#store(prepareAppend(appends, options, this.#preparation), options.signal);
  }

  /* Of what is under way it holds the texts that are sent, and no longer the events that they were made of. */
  async #store(prepared: PreparedAppend, signal: AbortSignal | undefined): Promise<readonly AppendResult[]> {
    const trace = this.#telemetry?.currentTrace();
    let unit: AppendUnit = { prepared, probe: mayRepeatUnnoticed(prepared), trace };
    const failures = new AppendFailures(prepared);
    for (;;) {
      let outcome: UnitOutcome;
      try {
        // Once it was sent it may be stored, and giving up would hide that.
        outcome = await this.#send(unit, failures.hasHappened ? undefined : signal);
      } catch (error) {
        const { delayMs, looksUpIds } = failures.add(error);
        if (looksUpIds) unit = { ...unit, probe: true };
        await new Promise(resolve => setTimeout(resolve, delayMs));
        continue;
      }
      if (outcome.status === 'stored') return outcome.results;
      if (outcome.status === 'refused') throw outcome.error;
    }
  }

  #send(unit: AppendUnit, signal: AbortSignal | undefined): Promise<UnitOutcome> {
    const inline = this.inline;
    const isConcerned = inline !== undefined && typesOf(unit.prepared).some(type => inline.handles(type));
    return (isConcerned ? this.#inlineQueue : this.#queue).submit(unit, signal);
  }

  /* What the projections write commits with the events of the call, or the call fails and is split. */
  #callInline(units: readonly AppendUnit[]): Promise<readonly UnitOutcome[]> {
    return this.#client.transaction(async runner => {
      const watched = new WatchedRunner(runner);
      const transaction = new SqlReadModelTransaction(watched, this.#statements, true);
      const project = await this.inline!.enter(units.flatMap(eventsOf), transaction);
      const outcomes = await this.#call(runner, units);
      const positions = newPositions(outcomes);
      if (project === undefined || positions.length === 0) return outcomes;
      // Read back, so that an inline projection sees exactly what every later reader will see.
      const rows = await runner.run(this.#statements.get('read_appended'), [int8Array(positions)]);
      await this.#project(project, rows.map(readEvent), watched);
      return outcomes;
    });
  }

  /* What a projector throws says nothing of the database, even if it looks like it; what the database throws does. */
  async #project(
    project: ProjectAppended,
    events: readonly Recorded[],
    watched: WatchedRunner,
  ): Promise<void> {
    try {
      await project(events);
    } catch (error) {
      throw watched.hasThrown(error) ? error : new ProjectorThrew(error);
    }
  }

  async #call(runner: SqlRunner, units: readonly AppendUnit[]): Promise<readonly UnitOutcome[]> {
    const call = callFor(units);
    const [row] = await runner.run(this.#statements.get('append_events'), call.parameters);
    return call.read(row!);
  }
}

/* An id that is taken fails the whole call, unless it is looked up; and the error tells which one it is. */
async function lookingUpTakenIds(
  units: readonly AppendUnit[],
  send: SendUnits,
): Promise<readonly UnitOutcome[]> {
  try {
    return await send(units);
  } catch (error) {
    const taken = takenEventId(error);
    const isSuspect = (unit: AppendUnit): boolean =>
      !unit.probe && idsOf(unit.prepared.writes).includes(taken!);
    if (taken === undefined || !units.some(isSuspect)) throw error;
    const asked = units.map(unit => (isSuspect(unit) ? { ...unit, probe: true } : unit));
    return lookingUpTakenIds(asked, send);
  }
}

function newPositions(outcomes: readonly UnitOutcome[]): number[] {
  const results = outcomes.flatMap(outcome => (outcome.status === 'stored' ? outcome.results : []));
  return results.filter(result => !result.repeated).flatMap(result => result.positions);
}

/*
 * Where an exact version is expected, a repetition shows as a conflict, and the ids are looked up only then; unless
 * a key or command would be refused first, which is no answer to a repetition.
 */
function mayRepeatUnnoticed({ mayRepeat, writes, commands }: PreparedAppend): boolean {
  if (!mayRepeat) return false;
  if (commands.length > 0 || writes.some(({ claim }) => claim.length > 0)) return true;
  return writes.some(({ expectedVersion }) => expectedVersion === 'any' || expectedVersion === 'exists');
}

function eventsOf({ prepared }: AppendUnit): EventToAppend[] {
  return prepared.writes.flatMap(({ events, stream: { aggregateId } }) =>
    events.map(({ type }) => ({ type, aggregateId })),
  );
}

function typesOf({ writes }: PreparedAppend): string[] {
  return writes.flatMap(write => write.events.map(event => event.type));
}
