import type { EventFilter } from '../../application/ports/event-store.ts';
import { textArray } from './binary-arrays.ts';
import type { SqlParameter } from './sql-client.ts';

/** Collects conditions and their parameters, so that a query states only what was asked for. */
export class EventConditions {
  readonly parameters: SqlParameter[];
  readonly #conditions: string[] = [];

  /** @param parameters - shared by the parts of one statement; default: a list of its own */
  constructor(parameters: SqlParameter[] = []) {
    this.parameters = parameters;
  }

  /** The number of a new parameter, as SQL writes it. */
  parameter(value: SqlParameter): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  /** Adds a condition; `@` stands for the value. */
  add(condition: string, value: SqlParameter | undefined): this {
    if (value !== undefined) this.#conditions.push(condition.replace('@', () => this.parameter(value)));
    return this;
  }

  /** Adds a condition without a value. */
  require(condition: string): this {
    this.#conditions.push(condition);
    return this;
  }

  /**
   * Adds every condition of a filter, for a query over `events e` and `streams s`.
   *
   * Times only throw away what was read: bounds of the position lead to them (`positions_between`), and the
   * planner shall not fetch all events of a range of blocks instead.
   */
  addFilter(filter: EventFilter): this {
    return this.add('e.event_type = any (@::text[])', filter.types && textArray(filter.types))
      .add('s.aggregate_type = any (@::text[])', filter.aggregateTypes && textArray(filter.aggregateTypes))
      .add('s.aggregate_id = @', filter.aggregateId)
      .add('e.correlation_id = @', filter.correlationId)
      .add('e.causation_id = @', filter.causationId)
      .add('e.user_id = @', filter.userId)
      .add('e.actor = @', filter.actor)
      .add('coalesce(e.recorded_at >= @::timestamptz, true)', filter.since?.toISOString())
      .add('coalesce(e.recorded_at <= @::timestamptz, true)', filter.until?.toISOString());
  }

  /** The where clause; empty if there is no condition. */
  get where(): string {
    return this.#conditions.length === 0 ? '' : `where ${this.#conditions.join(' and ')}`;
  }
}
