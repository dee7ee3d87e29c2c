import type { Recorded } from '../../domain/index.ts';
import { CheckpointMoved } from '../../application/ports/read-model-errors.ts';
import type { ParkedEvents } from '../../application/ports/parked-events.ts';
import type {
  Checkpoint,
  DocumentChange,
  ProjectionId,
  ProjectionTables,
  ReadModelTransaction,
  SqlSession,
} from '../../application/ports/read-model-store.ts';
import { readEvent } from './event-rows.ts';
import { int4Array, int8Array, textArray } from './binary-arrays.ts';
import { replaceTables, tableName } from './read-model-tables.ts';
import type { SqlRunner } from './sql-client.ts';
import { SqlParkedEvents } from './sql-parked-events.ts';
import { prepared } from './statements.ts';
import type { Statements } from './statements.ts';

/** What a projector may do in the transaction of its batch, or of the append. */
export class SqlReadModelTransaction implements ReadModelTransaction {
  readonly sql: SqlSession;
  readonly parked: ParkedEvents;
  readonly #runner: SqlRunner;
  readonly #statements: Statements;

  readonly #isInsideAppend: boolean;

  /** @param isInsideAppend - whether other appends may write the same documents at the same time */
  constructor(runner: SqlRunner, statements: Statements, isInsideAppend = false) {
    this.#isInsideAppend = isInsideAppend;
    this.#runner = runner;
    this.#statements = statements;
    this.parked = new SqlParkedEvents(runner, statements);
    this.sql = {
      table: (projection, name) => tableName(statements.schema, projection, name),
      query: (sql, parameters = []) => runner.runForObjects(sql, parameters),
    };
  }

  async loadDocuments(
    projection: ProjectionId,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, unknown>> {
    const table = tableName(this.#statements.schema, projection, 'documents');
    if (this.#isInsideAppend) await this.#lockDocuments(table, ids);
    const text = `select id, document from ${table} where id = any ($1::text[])`;
    const rows = await this.#runner.run(prepared('load_documents', text), [textArray(ids)]);
    return new Map(rows.map(([id, document]) => [id!, JSON.parse(document!) as unknown]));
  }

  async saveDocuments(projection: ProjectionId, changes: readonly DocumentChange[]): Promise<void> {
    const table = tableName(this.#statements.schema, projection, 'documents');
    const removed = changes.filter(change => change.json === null);
    const kept = changes.filter(change => change.json !== null);
    if (removed.length > 0) {
      const ids = textArray(removed.map(change => change.id));
      await this.#runner.run({ text: `delete from ${table} where id = any ($1::text[])` }, [ids]);
    }
    if (kept.length > 0) await this.#upsert(table, kept);
  }

  async lockCheckpoint({ name, version }: ProjectionId): Promise<Checkpoint> {
    const [row] = await this.#runner.run(this.#statements.get('lock_checkpoint'), [name, version]);
    return { position: Number(row?.[0] ?? 0), parkedRevision: Number(row?.[1] ?? 0) };
  }

  async moveCheckpoint(projection: ProjectionId, from: number, to: number): Promise<void> {
    const { name, version } = projection;
    const moved = await this.#runner.run(this.#statements.get('move_checkpoint'), [name, version, from, to]);
    if (moved.length > 0) return;
    const rows = await this.#runner.run(this.#statements.get('read_checkpoint'), [name, version]);
    throw new CheckpointMoved(projection, from, rows[0] && Number(rows[0][0]));
  }

  async lockInline({ name }: ProjectionId, as: 'writer' | 'rebuild'): Promise<void> {
    const lock = as === 'writer' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
    const text = `select ${lock}(hashtext('annals inline'), hashtext($1))`;
    await this.#runner.run({ text }, [`${this.#statements.schema}.${name}`]);
  }

  async readEvents(
    afterPosition: number,
    types: readonly string[],
    limit: number,
  ): Promise<readonly Recorded[]> {
    const parameters = [afterPosition, textArray(types), limit];
    return (await this.#runner.run(this.#statements.get('read_events'), parameters)).map(readEvent);
  }

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    await this.#runner.runScript('savepoint annals_attempt');
    try {
      const result = await work();
      // A deferred constraint would speak up at the commit only, when nobody can tell whose fault it is.
      await this.#runner.runScript('set constraints all immediate; release savepoint annals_attempt');
      return result;
    } catch (error) {
      // Where not even this works, the connection is gone, and the error says so.
      await this.#runner.runScript('rollback to savepoint annals_attempt').catch(() => undefined);
      throw error;
    }
  }

  async replace(live: ProjectionId, built: ProjectionId, tables: ProjectionTables): Promise<void> {
    await this.#runner.runScript(replaceTables(this.#statements.schema, live, built, tables));
    const parameters = [live.name, live.version, built.name];
    await this.#runner.run(this.#statements.get('replace_checkpoint'), parameters);
    await this.#runner.run(this.#statements.get('take_parked'), parameters);
    await this.#runner.run(this.#statements.get('remove_projection'), [built.name, built.version]);
  }

  /* Two appends may concern one document, which may not be there yet. Sorted, so that they do not wait in a ring. */
  async #lockDocuments(table: string, ids: readonly string[]): Promise<void> {
    const text = `
      select pg_advisory_xact_lock(hashtext($1), name)
      from (select distinct hashtext(id) as name from unnest($2::text[]) id order by 1) names`;
    await this.#runner.run(prepared('lock_documents', text), [table, textArray(ids)]);
  }

  async #upsert(table: string, changes: readonly DocumentChange[]): Promise<void> {
    const text = `
      insert into ${table} (id, document, version, position)
      select * from unnest($1::text[], $2::text[]::jsonb[], $3::int[], $4::bigint[])
      on conflict (id) do update
      set document = excluded.document, version = excluded.version, position = excluded.position`;
    await this.#runner.run(prepared('save_documents', text), [
      textArray(changes.map(change => change.id)),
      textArray(changes.map(change => change.json)),
      int4Array(changes.map(change => change.version)),
      int8Array(changes.map(change => change.position)),
    ]);
  }
}
