import type { EventFilter } from '../../application/ports/event-store.ts';
import { textArray } from './binary-arrays.ts';
import { EventConditions } from './event-conditions.ts';
import { eventColumns } from './event-rows.ts';
import type { SqlParameter } from './sql-client.ts';

/** Where a search looks. */
export interface PositionBounds {
  /** Exclusive. */
  readonly afterPosition?: number | undefined;
  /** Inclusive. */
  readonly throughPosition?: number | undefined;
}

/** Which page of a search is wanted. */
export interface SearchPage extends PositionBounds {
  readonly isNewestFirst: boolean;
  readonly limit: number;
}

/** A statement for the schema `annals`, with its parameters. */
export interface SearchStatement {
  readonly text: string;
  readonly parameters: readonly SqlParameter[];
}

// The predicate of events_by_actor: who acts is neither the system nor the user that the event names.
const isOddActor = `e.actor <> 'system' and e.actor is distinct from 'user:' || e.user_id`;
const withStream = 'join annals.streams s on s.stream_ref = e.stream_ref';

/**
 * The statement that finds a page of events in the order of their positions.
 *
 * One filter leads: its index yields the positions in order, the other filters throw away what does not match, and
 * the page ends the reading. What leads is the filter that fits the fewest events as a rule: correlation, cause,
 * aggregate id, user, actor, types. Several types or streams are read each for itself and merged.
 */
export function searchStatement(filter: EventFilter, page: SearchPage): SearchStatement {
  return new EventSearch(filter, page).statement();
}

/** The statement that counts events by type. */
export function countStatement(filter: EventFilter, bounds: PositionBounds): SearchStatement {
  const { actor, ...rest } = filter;
  const conditions = addBounds(new EventConditions(), bounds).addFilter(rest);
  if (actor !== undefined) addActor(conditions, actor);
  const text = `select e.event_type, count(*) from annals.events e ${joinFor(filter)} ${conditions.where} group by 1`;
  return { text, parameters: conditions.parameters };
}

/** An index that begins with a column of `events` and goes on with what grows with the position. */
interface Lead {
  readonly column: 'correlation_id' | 'causation_id' | 'user_id' | 'actor' | 'event_type' | 'stream_ref';
  /** The value that it leads to, as SQL. */
  readonly value: string;
  /** Default: `position`, within the bounds of the page. */
  readonly place?: { readonly column: 'version'; readonly after: string; readonly through: string };
}

class EventSearch {
  readonly #filter: EventFilter;
  readonly #page: SearchPage;
  readonly #parameters: SqlParameter[] = [];
  readonly #limit: number;

  constructor(filter: EventFilter, page: SearchPage) {
    this.#filter = filter;
    this.#page = page;
    // Written out: planned for a page of unknown size, PostgreSQL would prepare for reading a tenth of the log.
    this.#limit = Math.trunc(page.limit);
  }

  /* The positions are found first, in indexes alone where possible; whole events are read for one page only. */
  statement(): SearchStatement {
    const text = `
      select ${eventColumns}
      from (select p.position from (${this.#positions()}) p ${this.#cut('p.position')}) p
      join annals.events e on e.position = p.position
      ${withStream}
      order by ${this.#inOrder('e.position')}`;
    return { text, parameters: this.#parameters };
  }

  #positions(): string {
    const { correlationId, causationId, aggregateId, userId, actor, types, ...rest } = this.#filter;
    const others = { ...rest, types, actor, userId, aggregateId };
    if (correlationId !== undefined)
      return this.#byValue('correlation_id', correlationId, { ...others, causationId });
    if (causationId !== undefined) return this.#byValue('causation_id', causationId, others);
    if (aggregateId !== undefined) return this.#byStreams();
    if (userId !== undefined) return this.#byValue('user_id', userId, { ...others, userId: undefined });
    if (actor !== undefined && actor !== 'system') return this.#byActor(actor);
    if (types !== undefined) return this.#byTypes(types);
    return this.#byPosition();
  }

  #byValue(column: Lead['column'], value: string, rest: EventFilter): string {
    return this.#along({ column, value: this.#parameter(value) }, rest);
  }

  /* The system acts so often that the log itself is read; nearly every event is one. */
  #byPosition(): string {
    const conditions = addBounds(this.#conditions(), this.#page).addFilter(this.#filter);
    return `select e.position from annals.events e ${joinFor(this.#filter)} ${conditions.where}`;
  }

  #byStreams(): string {
    const { aggregateId, aggregateTypes, ...rest } = this.#filter;
    const { afterPosition, throughPosition } = this.#page;
    const after = afterPosition === undefined ? '0' : `annals.version_at(s.stream_ref, ${this.#after})`;
    const through =
      throughPosition === undefined ? 's.version' : `annals.version_at(s.stream_ref, ${this.#through})`;
    const { where } = this.#conditions().addFilter({ aggregateId, aggregateTypes });
    // "offset 0" keeps PostgreSQL from asking for the versions at each event.
    const streams = `select s.stream_ref, ${after} as after, ${through} as through from annals.streams s ${where} offset 0`;
    const place = { column: 'version', after: 'x.after', through: 'x.through' } as const;
    const inStream = this.#along({ column: 'stream_ref', value: 'x.stream_ref', place }, rest);
    return `select p.position from (${streams}) x cross join lateral (${inStream}) p`;
  }

  #byTypes(types: readonly string[]): string {
    const list = this.#parameter(textArray([...new Set(types)]));
    const ofType = this.#along(
      { column: 'event_type', value: 't.type' },
      { ...this.#filter, types: undefined },
    );
    return `select p.position from unnest(${list}::text[]) as t (type) cross join lateral (${ofType}) p`;
  }

  /* A user's own events, and those where a user acts without being named as user. */
  #byActor(actor: string): string {
    const rest = { ...this.#filter, actor: undefined };
    const odd = this.#along({ column: 'actor', value: this.#parameter(actor) }, rest, isOddActor);
    const user = userOf(actor);
    if (user === undefined) return odd;
    return `(${this.#byValue('user_id', user, this.#filter)}) union all (${odd})`;
  }

  /*
   * A page of positions along one index. The rows are compared as pairs, because after `user_id = …` any index that
   * ends in the position has the right order, and the planner may walk the whole log in the hope to meet the user.
   */
  #along({ column, value, place }: Lead, rest: EventFilter, condition?: string): string {
    const {
      column: second,
      after,
      through,
    } = place ?? {
      column: 'position',
      after: this.#after,
      through: this.#through,
    };
    const pair = `(e.${column}, e.${second})`;
    const conditions = this.#conditions()
      .require(`${pair} > (${value}, ${after}) and ${pair} <= (${value}, ${through})`)
      .require(condition ?? `e.${column} is not null`)
      .addFilter(rest);
    const order = `${this.#inOrder(`e.${column}`)}, ${this.#inOrder(`e.${second}`)}`;
    const from = `annals.events e ${joinFor(rest)}`;
    return `select e.position from ${from} ${conditions.where} order by ${order} limit ${this.#limit}`;
  }

  get #after(): string {
    return `${this.#parameter(this.#page.afterPosition ?? 0)}::bigint`;
  }

  get #through(): string {
    return `${this.#parameter(this.#page.throughPosition ?? Number.MAX_SAFE_INTEGER)}::bigint`;
  }

  #conditions(): EventConditions {
    return new EventConditions(this.#parameters);
  }

  #parameter(value: SqlParameter): string {
    return this.#conditions().parameter(value);
  }

  #cut(column: string): string {
    return `order by ${this.#inOrder(column)} limit ${this.#limit}`;
  }

  #inOrder(column: string): string {
    return `${column} ${this.#page.isNewestFirst ? 'desc' : 'asc'}`;
  }
}

function userOf(actor: string): string | undefined {
  return actor.startsWith('user:') ? actor.slice('user:'.length) : undefined;
}

/* Says of the actor what lets PostgreSQL use an index, whatever else is asked. */
function addActor(conditions: EventConditions, actor: string): void {
  conditions.add('e.actor = @', actor);
  if (actor === 'system') return;
  const user = userOf(actor);
  if (user === undefined) conditions.require(isOddActor);
  else
    conditions.add(`(e.user_id = @ or (${isOddActor} and e.actor = ${conditions.parameter(actor)}))`, user);
}

function addBounds(conditions: EventConditions, bounds: PositionBounds): EventConditions {
  return conditions
    .add('e.position > @', bounds.afterPosition)
    .add('e.position <= @', bounds.throughPosition);
}

/* The streams are read only for a filter that concerns them. */
function joinFor({ aggregateId, aggregateTypes }: EventFilter): string {
  return aggregateId === undefined && aggregateTypes === undefined ? '' : withStream;
}
