import { copiedColumnsWith, readCopiedEvent } from './copied-event.ts';
import { copyFrom, textArrayLiteral } from './copy-out.ts';
import { eventsBesideStreams, unlessLarge } from './feed-columns.ts';
import type { FeedWindow, FoundEvents } from './feed-columns.ts';
import type { SqlClient } from './sql-client.ts';
import type { Statements } from './statements.ts';

// One backend sends no faster than this process receives, handles and stores; two keep it busy.
const halveFrom = 2_000;

const columns = copiedColumnsWith(unlessLarge('e.payload'), unlessLarge('e.metadata'));
const selectEvents = `select ${columns} from annals.${eventsBesideStreams}`;

/** Reads long windows of the feed by COPY, which costs a server and this process half of what rows do. */
export class FeedCopy {
  readonly #copyOut: SqlClient['copyOut'];
  readonly #selectEvents: string;

  constructor(copyOut: SqlClient['copyOut'], statements: Statements) {
    this.#copyOut = copyOut;
    // Alone: the names of a filter, which are written out, may look like those of the schema.
    this.#selectEvents = statements.inSchema(selectEvents);
  }

  /**
   * The events of a window.
   *
   * @returns undefined where it is short, or the driver cannot copy
   */
  async read(window: FeedWindow, limit: number): Promise<FoundEvents | undefined> {
    const span = window.toPosition - window.afterPosition;
    if (Math.min(span, limit) < copyFrom) return undefined;
    const parts = span >= halveFrom && span <= limit ? halvesOf(window) : [window];
    const copied = await Promise.all(parts.map(part => this.#copy(part, limit)));
    return copied.includes(undefined) ? undefined : (copied as FoundEvents[]).flat();
  }

  async #copy(window: FeedWindow, limit: number): Promise<FoundEvents | undefined> {
    const { afterPosition, toPosition, types, aggregateTypes } = window;
    const parameters = [String(afterPosition), String(toPosition), String(limit)];
    const conditions = ['e.position > $1::bigint', 'e.position <= $2::bigint'];
    if (types !== undefined) conditions.push(`e.event_type = any (${textArrayLiteral(types)})`);
    if (aggregateTypes !== undefined)
      conditions.push(`s.aggregate_type = any (${textArrayLiteral(aggregateTypes)})`);
    const where = conditions.join(' and ');
    const query = `${this.#selectEvents} where ${where} order by e.position limit $3::bigint`;
    const rows = await this.#copyOut(query, parameters);
    return rows?.map(readCopiedEvent);
  }
}

function halvesOf(window: FeedWindow): readonly FeedWindow[] {
  const middle = Math.floor((window.afterPosition + window.toPosition) / 2);
  return [
    { ...window, toPosition: middle },
    { ...window, afterPosition: middle },
  ];
}
