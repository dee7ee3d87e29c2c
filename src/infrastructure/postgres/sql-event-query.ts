import { setTimeout as pause } from 'node:timers/promises';
import type { EventFilter, EventPage, EventQuery } from '../../application/ports/event-store.ts';
import { checkFilter, checkQuery, readCursor, writeCursor } from '../../application/events/check-query.ts';
import { positionOf, readEvent } from './event-rows.ts';
import { countStatement, searchStatement } from './event-search.ts';
import type { PositionBounds, SearchStatement } from './event-search.ts';
import type { SqlParameter, SqlRow, SqlStatement } from './sql-client.ts';
import type { SqlFeed } from './sql-feed.ts';
import type { Statements } from './statements.ts';

type Run = (statement: SqlStatement, parameters: readonly SqlParameter[]) => Promise<readonly SqlRow[]>;

// As long as an append may take that is not in trouble.
const patienceMs = 100;
const lookAgainMs = 5;

interface SettledRows {
  readonly rows: readonly SqlRow[];
  readonly settled: number;
}

/** Finds and counts events by what they are, whom they concern, where they come from and when they were recorded. */
export class SqlEventQuery {
  readonly #run: Run;
  readonly #statements: Statements;
  readonly #feed: Pick<SqlFeed, 'knownSettled' | 'settledPosition'>;

  constructor(run: Run, statements: Statements, feed: Pick<SqlFeed, 'knownSettled' | 'settledPosition'>) {
    this.#run = run;
    this.#statements = statements;
    this.#feed = feed;
  }

  /** A page of the events that match, in the order of their positions. */
  async find(query: EventQuery): Promise<EventPage> {
    checkQuery(query);
    const { limit = 100, toPosition = Infinity } = query;
    const cursor = readCursor(query);
    if (matchesNothing(query)) return { events: [], nextCursor: undefined };
    const isNewestFirst = query.order === 'newest';
    const read = async (): Promise<readonly SqlRow[]> => {
      const bounds = behindCursor(upTo(await this.#boundsOf(query), toPosition), cursor, isNewestFirst);
      // One more than wanted tells whether there is a next page.
      return this.#ask(searchStatement(query, { ...bounds, isNewestFirst, limit: limit + 1 }));
    };
    const { rows, settled } = isNewestFirst
      ? { rows: await read(), settled: Infinity }
      : await this.#readSettled(read, limit);
    const events = rows.slice(0, limit).map(readEvent);
    const last = events.at(-1);
    if (last === undefined || rows.length <= limit) return { events, nextCursor: undefined };
    if (last.position <= settled) return { events, nextCursor: writeCursor(query, last.position) };
    const nextCursor = writeCursor(query, Math.max(settled, cursor ?? 0));
    return { events: events.filter(event => event.position <= settled), nextCursor };
  }

  /*
   * What a page finds, and up to where nothing can have been missing, which must be known before it is read. One that
   * others follow waits a moment until what it begins with is settled, so that who asks again at once is slowed down.
   */
  async #readSettled(read: () => Promise<readonly SqlRow[]>, limit: number): Promise<SettledRows> {
    const known = this.#feed.knownSettled;
    const rows = await read();
    if (rows.length <= limit || positionOf(rows[limit - 1]!) <= known) return { rows, settled: known };
    const giveUpAtMs = performance.now() + patienceMs;
    let settled = await this.#feed.settledPosition();
    while (settled < positionOf(rows[0]!) && performance.now() < giveUpAtMs) {
      await pause(lookAgainMs);
      settled = await this.#feed.settledPosition();
    }
    return { rows: await read(), settled };
  }

  /** How many events of each type match. */
  async countByType(filter: EventFilter): Promise<Readonly<Record<string, number>>> {
    checkFilter(filter);
    if (matchesNothing(filter)) return {};
    const rows = await this.#ask(countStatement(filter, await this.#boundsOf(filter)));
    return Object.fromEntries(rows.map(([type, count]) => [type!, Number(count)]));
  }

  /*
   * A time range as positions, which every index can be bounded by. Events of one origin are few; for them the
   * look-up would cost more than it saves.
   */
  async #boundsOf(filter: EventFilter): Promise<PositionBounds> {
    const { since, until, correlationId, causationId } = filter;
    const isUnbounded = since === undefined && until === undefined;
    if (isUnbounded || correlationId !== undefined || causationId !== undefined) return {};
    const times = [since?.toISOString() ?? null, until?.toISOString() ?? null];
    const [[first, last]] = (await this.#run(this.#statements.get('positions_between'), times)) as [SqlRow];
    return {
      afterPosition: first == null ? undefined : Number(first) - 1,
      throughPosition: last == null ? undefined : Number(last),
    };
  }

  #ask({ text, parameters }: SearchStatement): Promise<readonly SqlRow[]> {
    return this.#run({ text: this.#statements.inSchema(text) }, parameters);
  }
}

function upTo(bounds: PositionBounds, toPosition: number): PositionBounds {
  if (toPosition === Infinity) return bounds;
  return { ...bounds, throughPosition: Math.min(bounds.throughPosition ?? Infinity, toPosition) };
}

function behindCursor(
  bounds: PositionBounds,
  cursor: number | undefined,
  isNewestFirst: boolean,
): PositionBounds {
  if (cursor === undefined) return bounds;
  const { afterPosition = 0, throughPosition = Infinity } = bounds;
  if (isNewestFirst) return { ...bounds, throughPosition: Math.min(throughPosition, cursor - 1) };
  return { ...bounds, afterPosition: Math.max(afterPosition, cursor) };
}

function matchesNothing({ types, aggregateTypes }: EventFilter): boolean {
  return types?.length === 0 || aggregateTypes?.length === 0;
}
