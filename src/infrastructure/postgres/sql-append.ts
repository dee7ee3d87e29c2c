import type { Recorded } from '../../domain/index.ts';
import type { AppendOptions, AppendResult, StreamAppend } from '../../application/ports/event-store.ts';
import { EventIdConflict, StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { InlineProjections } from '../../application/ports/read-model-store.ts';
import { prepareAppend } from '../../application/events/prepare-append.ts';
import type { AppendPreparation, PreparedAppend } from '../../application/events/prepare-append.ts';
import { callFor } from './append-call.ts';
import type { AppendUnit } from './append-call.ts';
import type { UnitOutcome } from './append-outcomes.ts';
import { AppendQueue } from './append-queue.ts';
import type { SendUnits } from './append-queue.ts';
import { int8Array } from './binary-arrays.ts';
import { readEvent } from './event-rows.ts';
import { WatchedRunner } from './watched-runner.ts';
import type { SqlClient, SqlRunner } from './sql-client.ts';
import {
  isLostConnection,
  isNotSent,
  isRefusedByServer,
  isTimedOut,
  isTransientCollision,
  sqlCode,
  violatedConstraint,
} from './sql-errors.ts';
import { SqlReadModelTransaction } from './sql-read-model-transaction.ts';
import type { Statements } from './statements.ts';

// Together about ten seconds: a restart of the server is bridged, a longer outage is told to the caller. Never far
// apart: a server that is back is noticed within half a second, and all waiting appends share the call that asks.
const retryDelaysMs = [0, 50, 100, 200, 400, ...Array.from({ length: 18 }, () => 500)];

// One connection may have been cut off in silence; a second that does not answer means that nobody does.
const maxTimeouts = 2;

/* Carries an error of a projector past those who judge errors of the database. */
class ProjectorThrew extends Error {
  constructor(cause: unknown) {
    super('An inline projector threw.', { cause });
  }
}

/* The failed calls of one append. */
class Failures {
  readonly #prepared: PreparedAppend;
  #timeouts = 0;
  #wasLost = false;
  count = 0;

  constructor(prepared: PreparedAppend) {
    this.#prepared = prepared;
  }

  /** What to do next; throws what to tell the caller if that is nothing. */
  add(error: unknown): { readonly delayMs: number; readonly looksUpIds: boolean } {
    if (isTimedOut(error)) this.#timeouts++;
    if (error instanceof ProjectorThrew) throw error.cause;
    if (isLostConnection(error) && !isNotSent(error)) this.#wasLost = true;
    const next = whatNext(error);
    const delayMs = retryDelaysMs[this.count++];
    if (next === 'give up' || delayMs === undefined || this.#timeouts >= maxTimeouts) {
      throw explain(error, this.#prepared, this.#wasLost);
    }
    return { delayMs, looksUpIds: next === 'look up ids' };
  }
}

/** Sends appends to `append_events` and makes sure that each ends with a known outcome. */
export class SqlAppend {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #preparation: AppendPreparation;
  readonly #queue: AppendQueue;
  readonly #inlineQueue: AppendQueue;
  inline: InlineProjections | undefined;

  constructor(client: SqlClient, statements: Statements, preparation: AppendPreparation) {
    this.#client = client;
    this.#statements = statements;
    this.#preparation = preparation;
    const queue = (send: SendUnits): AppendQueue => new AppendQueue(units => lookingUpTakenIds(units, send));
    this.#queue = queue(units => this.#call(client, units));
    this.#inlineQueue = queue(units => this.#callInline(units));
  }

  /**
   * Stores an append, whole or not at all.
   *
   * The same ids are sent again until the outcome is known; once they may be stored, they are looked up.
   */
  async append(appends: readonly StreamAppend[], options: AppendOptions): Promise<readonly AppendResult[]> {
    options.signal?.throwIfAborted();
    const prepared = prepareAppend(appends, options, this.#preparation);
    let unit: AppendUnit = { prepared, probe: mayRepeatUnnoticed(prepared) };
    const failures = new Failures(prepared);
    for (;;) {
      let outcome: UnitOutcome;
      try {
        // Once it was sent it may be stored, and giving up would hide that.
        outcome = await this.#send(unit, failures.count === 0 ? options.signal : undefined);
      } catch (error) {
        const { delayMs, looksUpIds } = failures.add(error);
        if (looksUpIds) unit = { prepared, probe: true };
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
      const outcomes = await this.#call(runner, units);
      const positions = newPositions(outcomes);
      if (positions.length > 0) {
        // Read back, so that an inline projection sees exactly what every later reader will see.
        const rows = await runner.run(this.#statements.get('read_appended'), [int8Array(positions)]);
        await this.#project(rows.map(readEvent), runner);
      }
      return outcomes;
    });
  }

  /* What a projector throws says nothing of the database, even if it looks like it; what the database throws does. */
  async #project(events: readonly Recorded[], runner: SqlRunner): Promise<void> {
    const watched = new WatchedRunner(runner);
    try {
      await this.inline!.project(events, new SqlReadModelTransaction(watched, this.#statements, true));
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

function takenEventId(error: unknown): string | undefined {
  if (!isTakenEventId(error)) return undefined;
  return /\(event_id\)=\(([0-9a-f-]{36})\)/.exec((error as { detail?: string }).detail ?? '')?.[1];
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

function typesOf({ writes }: PreparedAppend): string[] {
  return writes.flatMap(write => write.events.map(event => event.type));
}

function whatNext(error: unknown): 'send again' | 'look up ids' | 'give up' {
  if (isTransientCollision(error)) return 'send again';
  if (isLostConnection(error)) return 'look up ids';
  // Somebody may have stored the id since it was looked up; now the look-up tells which one it is.
  return isTakenEventId(error) ? 'look up ids' : 'give up';
}

function isTakenEventId(error: unknown): boolean {
  return sqlCode(error) === '23505' && violatedConstraint(error) === 'events_by_id';
}

/* Once a call was lost, the append may be stored, whatever a later one says. */
function explain(error: unknown, { writes }: PreparedAppend, wasLost: boolean): unknown {
  if (isTakenEventId(error)) {
    const eventId = takenEventId(error) ?? idsOf(writes)[0]!;
    const { stream } = writes.find(({ events }) => events.some(event => event.eventId === eventId))!;
    return new EventIdConflict(stream, eventId);
  }
  if (isRefusedByServer(error) && !wasLost) {
    const reason = (error as Error).message;
    const what = `PostgreSQL could not store an append: ${reason}. Repeat it with the same event ids once that is mended.`;
    return new StoreUnavailable(what, { cause: error });
  }
  if (!wasLost && isLostConnection(error)) {
    return new StoreUnavailable('The database could not be reached, so nothing was stored.', {
      cause: error,
    });
  }
  if (!wasLost) return error;
  const what =
    'The database was lost while an append was under way and did not answer in time after that, so it is not known ' +
    'whether the append was stored. Repeat it with the same event ids or idempotencyKey to find out.';
  return new StoreUnavailable(what, { cause: error });
}

function idsOf(writes: PreparedAppend['writes']): string[] {
  return writes.flatMap(write => write.events.map(event => event.eventId));
}
