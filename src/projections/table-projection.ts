import { formatStream } from '../domain/index.ts';
import type { Class, Recorded } from '../domain/index.ts';
import { isThenable } from '../domain/is-thenable.ts';
import type { ProjectionId } from '../application/ports/projection-states.ts';
import type { ReadModelTransaction, SqlSession } from '../application/ports/read-model-store.ts';
import type { EventReader } from '../application/schema/event-reader.ts';
import type { ExecutionScope } from '../application/execution/execution-scope.ts';
import type { FailurePolicy } from './failure-policy.ts';
import { UnevenRows } from './projection-errors.ts';
import type { Projection, WantedKeys } from './projection.ts';
import { readModelBatchSize } from './projection.ts';
import { projectorHandlers } from './projector-handlers.ts';
import type { ProjectorHandler } from './projector-handlers.ts';
import type { OnNewVersion, ProjectionMode, ProjectorInfo } from './projector.ts';
import type { TableProjector, TableTransaction } from './table-projector.ts';

/** Runs a table projector. */
export class TableProjection implements Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  readonly shards: number;
  readonly onNewVersion: OnNewVersion;
  readonly projectorClass: Class;
  readonly tables: Readonly<Record<string, string>>;
  readonly types: readonly string[];
  readonly batchSize = readModelBatchSize;
  readonly failure: FailurePolicy;
  readonly #handlers: Map<string, ProjectorHandler[]>;
  readonly #reader: EventReader;
  readonly #scope: ExecutionScope;

  constructor(
    projector: TableProjector,
    projectorClass: Class,
    info: ProjectorInfo,
    { reader, scope }: { readonly reader: EventReader; readonly scope: ExecutionScope },
  ) {
    this.name = info.name;
    this.version = info.version;
    this.mode = info.mode;
    this.shards = info.shards;
    this.onNewVersion = info.onNewVersion;
    this.failure = info.failure;
    this.projectorClass = projectorClass;
    this.tables = projector.tables;
    this.#handlers = projectorHandlers(projector, projectorClass);
    this.#reader = reader;
    this.#scope = scope;
    this.types = reader.storedTypes(this.#handlers.keys());
  }

  /* What its rows have to do with each other is known to the projector alone; an aggregate is the safest guess. */
  keysOf(event: Recorded): readonly string[] {
    return [formatStream(event)];
  }

  async project(
    events: readonly Recorded[],
    transaction: ReadModelTransaction,
    target: ProjectionId,
    isWanted?: WantedKeys,
  ): Promise<void> {
    const tables = new BoundTables(transaction.sql!, target);
    const wanted =
      isWanted === undefined ? events : events.filter(event => isWanted(event, formatStream(event)));
    // An inline one belongs to the append, and is never waited for.
    if (this.mode === 'inline') await this.#run(wanted, tables);
    else await this.#scope.runInProjection(this.name, () => this.#run(wanted, tables));
  }

  async #run(events: readonly Recorded[], tables: TableTransaction): Promise<void> {
    for (const stored of events) {
      for (const event of this.#reader.read(stored)) {
        for (const handler of this.#handlers.get(event.type) ?? []) {
          const handled = handler.call(event, tables);
          // A promise for each event that nothing is waited for would cost a tenth of a catch-up.
          if (isThenable(handled)) await handled;
        }
      }
    }
  }
}

/* 65,535 parameters are the most that one statement takes. */
const maxParameters = 60_000;

class BoundTables implements TableTransaction {
  readonly #sql: SqlSession;
  readonly #target: ProjectionId;

  constructor(sql: SqlSession, target: ProjectionId) {
    this.#sql = sql;
    this.#target = target;
  }

  table(name: string): string {
    return this.#sql.table(this.#target, name);
  }

  query(sql: string, parameters?: readonly unknown[]): ReturnType<SqlSession['query']> {
    return this.#sql.query(sql, parameters);
  }

  async upsert(table: string, rows: readonly Row[], key: readonly string[] = []): Promise<void> {
    const columns = Object.keys(rows[0] ?? {});
    if (columns.length === 0) return;
    checkColumns(table, columns, rows);
    const rowsAtATime = Math.floor(maxParameters / columns.length);
    for (const part of partsOf(lastOfEach(rows, key), rowsAtATime)) {
      const values = part.map(
        (_row, r) => `(${columns.map((_column, c) => `$${r * columns.length + c + 1}`).join()})`,
      );
      const insert = `insert into ${this.table(table)} (${columns.map(quote).join()}) values ${values.join()}`;
      const parameters = part.flatMap(row => columns.map(column => row[column] ?? null));
      await this.#sql.query(`${insert} ${onConflict(columns, key)}`, parameters);
    }
  }

  async deleteWhere(table: string, column: string, values: readonly unknown[]): Promise<void> {
    for (const part of partsOf(values, maxParameters)) {
      const places = part.map((_value, index) => `$${index + 1}`).join();
      await this.#sql.query(`delete from ${this.table(table)} where ${quote(column)} in (${places})`, part);
    }
  }
}

type Row = Readonly<Record<string, unknown>>;

function* partsOf<Item>(items: readonly Item[], size: number): Iterable<readonly Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

function checkColumns(table: string, columns: readonly string[], rows: readonly Row[]): void {
  const expected = new Set(columns);
  for (const [index, row] of rows.entries()) {
    const own = Object.keys(row);
    if (own.length === columns.length && own.every(column => expected.has(column))) continue;
    throw new UnevenRows(table, columns, index, own);
  }
}

/* PostgreSQL refuses to write one row twice in one statement. */
function lastOfEach(rows: readonly Row[], key: readonly string[]): readonly Row[] {
  if (key.length === 0) return rows;
  const byKey = new Map(rows.map(row => [textOf(key.map(column => row[column])), row]));
  return byKey.size === rows.length ? rows : [...byKey.values()];
}

function textOf(values: readonly unknown[]): string {
  return JSON.stringify(values, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}

function onConflict(columns: readonly string[], key: readonly string[]): string {
  if (key.length === 0) return '';
  const updates = columns
    .filter(column => !key.includes(column))
    .map(column => `${quote(column)} = excluded.${quote(column)}`);
  const action = updates.length === 0 ? 'do nothing' : `do update set ${updates.join()}`;
  return `on conflict (${key.map(quote).join()}) ${action}`;
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
