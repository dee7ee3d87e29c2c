import type { PreparedAppend } from '../../application/events/prepare-append.ts';
import { EventIdConflict, StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import {
  isLostConnection,
  isNotSent,
  isRefusedByServer,
  isTimedOut,
  isTransientCollision,
  sqlCode,
  violatedConstraint,
} from './sql-errors.ts';

// Together about ten seconds: a restart of the server is bridged, a longer outage is told to the caller. Never far
// apart: a server that is back is noticed within half a second, and all waiting appends share the call that asks.
const retryDelaysMs = [0, 50, 100, 200, 400, ...Array.from({ length: 18 }, () => 500)];

// One connection may have been cut off in silence; a second that does not answer means that nobody does.
const maxTimeouts = 2;

/** Carries an error of a projector past those who judge errors of the database. */
export class ProjectorThrew extends Error {
  constructor(cause: unknown) {
    super('An inline projector threw.', { cause });
  }
}

/** The failed calls of one append: whether to call again, and what to tell the caller in the end. */
export class AppendFailures {
  readonly #prepared: PreparedAppend;
  #timeouts = 0;
  #wasLost = false;
  #count = 0;

  constructor(prepared: PreparedAppend) {
    this.#prepared = prepared;
  }

  get hasHappened(): boolean {
    return this.#count > 0;
  }

  /** What to do next; throws what to tell the caller if that is nothing. */
  add(error: unknown): { readonly delayMs: number; readonly looksUpIds: boolean } {
    if (error instanceof ProjectorThrew) throw error.cause;
    if (isTimedOut(error)) this.#timeouts++;
    if (isLostConnection(error) && !isNotSent(error)) this.#wasLost = true;
    const next = whatNext(error);
    const delayMs = retryDelaysMs[this.#count++];
    if (next === 'give up' || delayMs === undefined || this.#timeouts >= maxTimeouts) {
      throw explain(error, this.#prepared, this.#wasLost);
    }
    return { delayMs, looksUpIds: next === 'look up ids' };
  }
}

/** The event id that was stored already, if that is why a call failed. */
export function takenEventId(error: unknown): string | undefined {
  if (!isTakenEventId(error)) return undefined;
  return /\(event_id\)=\(([0-9a-f-]{36})\)/.exec((error as { detail?: string }).detail ?? '')?.[1];
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

/** The ids of all events of an append. */
export function idsOf(writes: PreparedAppend['writes']): string[] {
  return writes.flatMap(write => write.events.map(event => event.eventId));
}
