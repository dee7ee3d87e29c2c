import type { Recorded } from '../../domain/index.ts';
import { copiedColumnsWith, readCopiedEvent } from './copied-event.ts';
import { textArrayLiteral } from './copy-out.ts';
import { eventsBesideStreams, unlessLarge } from './feed-columns.ts';
import type { FeedWindow } from './feed-columns.ts';
import type { SqlClient } from './sql-client.ts';
import type { Statements } from './statements.ts';

// From about here on, copying saves more than planning the query each time costs.
const copyFrom = 300;
// One backend sends no faster than this process receives, handles and stores; two keep it busy.
const halveFrom = 2_000;

const columns = copiedColumnsWith(unlessLarge('e.payload'), unlessLarge('e.metadata'));

/** Reads long windows of the feed by COPY, which costs a server and this process half of what rows do. */
export class FeedCopy {
  readonly #copyOut: SqlClient['copyOut'];
  readonly #statements: Statements;

  constructor(copyOut: SqlClient['copyOut'], statements: Statements) {
    this.#copyOut = copyOut;
    this.#statements = statements;
  }

  /**
   * The events of a window.
   *
   * @returns undefined where it is short, the driver cannot copy, or some events are too large to come with the others
   */
  async read(window: FeedWindow, limit: number): Promise<readonly Recorded[] | undefined> {
    const span = window.toPosition - window.afterPosition;
    if (Math.min(span, limit) < copyFrom) return undefined;
    const parts = span >= halveFrom && span <= limit ? halvesOf(window) : [window];
    const copied = await Promise.all(parts.map(part => this.#copy(part, limit)));
    const events = copied.flat();
    return isComplete(events) ? events : undefined;
  }

  async #copy(window: FeedWindow, limit: number): Promise<readonly (Recorded | undefined)[]> {
    const { afterPosition, toPosition, types, aggregateTypes } = window;
    const parameters = [String(afterPosition), String(toPosition), String(limit)];
    const conditions = ['e.position > $1::bigint', 'e.position <= $2::bigint'];
    const among = (column: string, values: readonly string[] | undefined): void => {
      if (values === undefined) return;
      conditions.push(`${column} = any ($${parameters.push(textArrayLiteral(values))}::text[])`);
    };
    among('e.event_type', types);
    among('s.aggregate_type', aggregateTypes);
    const query = `select ${columns} from annals.${eventsBesideStreams}
      where ${conditions.join(' and ')} order by e.position limit $3::bigint`;
    const rows = await this.#copyOut(this.#statements.inSchema(query), parameters);
    return rows?.map(readCopiedEvent) ?? [undefined];
  }
}

function halvesOf(window: FeedWindow): readonly FeedWindow[] {
  const middle = Math.floor((window.afterPosition + window.toPosition) / 2);
  return [
    { ...window, toPosition: middle },
    { ...window, afterPosition: middle },
  ];
}

function isComplete(events: readonly (Recorded | undefined)[]): events is readonly Recorded[] {
  return !events.includes(undefined);
}
