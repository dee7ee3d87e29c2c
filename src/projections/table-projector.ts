import type { SqlSession } from '../application/ports/read-model-store.ts';

/** What an `@On` method of a table projector may do; it commits with the checkpoint, or not at all. */
export interface TableTransaction {
  /** The full name of one of the projector's tables, to write into SQL. */
  table(name: string): string;
  /** Runs a statement with `$1`, `$2` … */
  query(sql: string, parameters?: readonly unknown[]): ReturnType<SqlSession['query']>;
  /**
   * Inserts rows, all with the same columns; with `key`, rows that exist are updated, and of several rows of one key
   * the last one counts.
   *
   * @throws {UnevenRows} a row has other columns than the first
   */
  upsert(
    table: string,
    rows: readonly Readonly<Record<string, unknown>>[],
    key?: readonly string[],
  ): Promise<void>;
  /** Deletes the rows where `column` has one of these values, of which there may be any number. */
  deleteWhere(table: string, column: string, values: readonly unknown[]): Promise<void>;
}

/**
 * Base of a read model in tables of its own. Needs a store with SQL.
 *
 *     class RevenuePerDay extends TableProjector {
 *       readonly tables = { days: 'day date primary key, cents bigint not null' };
 *     }
 *
 * An `@On` method gets the recorded event and the transaction of the batch.
 */
export abstract class TableProjector {
  /** Only for the compiler, which checks the `@On` methods against it. */
  declare readonly '~transaction': TableTransaction;

  /** The tables by name, each with its columns as in `create table`. */
  abstract readonly tables: Readonly<Record<string, string>>;
}
