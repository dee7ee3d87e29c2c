import type { ParkedCount, ParkedKey } from '../../application/ports/parked-events.ts';
import type {
  Checkpoint,
  DocumentQuery,
  ProjectionId,
  ProjectionTables,
  ReadModelStore,
  ReadModelTransaction,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import { causesOf } from '../../application/events/causes-of.ts';
import { Listeners } from '../../application/events/listeners.ts';
import { textArray } from './binary-arrays.ts';
import { documentConditions, documentFilter } from './document-conditions.ts';
import { createTables, dropTables, tableName } from './read-model-tables.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlRunner } from './sql-client.ts';
import { isLostConnection, isRefusedByServer, isTransientCollision, sqlCode } from './sql-errors.ts';
import { readParkedCount, readParkedKey } from './sql-parked-events.ts';
import { SqlReadModelTransaction } from './sql-read-model-transaction.ts';
import type { Statements } from './statements.ts';

const lockNotAvailable = '55P03';
const documentColumns = 'id, document, version, position';

/** Read models and checkpoints in ordinary tables, beside the events. */
export class SqlReadModelStore implements ReadModelStore {
  readonly hasSql = true;
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #checkpoints = new Listeners();

  constructor(client: SqlClient, statements: Statements) {
    this.#client = client;
    this.#statements = statements;
  }

  async prepare(projection: ProjectionId, tables: ProjectionTables, startAt: number): Promise<void> {
    const { schema } = this.#statements;
    await this.#changeTables(async runner => {
      await runner.runScript(createTables(schema, projection, tables));
      await runner.run(this.#statements.get('add_projection'), [
        projection.name,
        projection.version,
        startAt,
      ]);
    });
  }

  async drop(projection: ProjectionId, tables: ProjectionTables): Promise<void> {
    await this.#changeTables(async runner => {
      await runner.runScript(dropTables(this.#statements.schema, projection, tables));
      await runner.run(this.#statements.get('remove_projection'), [projection.name, projection.version]);
    });
  }

  async readCheckpoint({ name, version }: ProjectionId): Promise<number> {
    const rows = await this.#run(this.#statements.get('read_checkpoint').text, [name, version]);
    return Number(rows[0]?.[0] ?? 0);
  }

  async claim(
    { name, version }: ProjectionId,
    owner: string,
    leaseMs: number,
  ): Promise<Checkpoint | undefined> {
    const statement = this.#statements.get('claim_checkpoint');
    const [row] = await this.#run(statement.text, [name, version, owner, leaseMs]);
    return row && { position: Number(row[0]), parkedRevision: Number(row[1]) };
  }

  async release({ name, version }: ProjectionId, owner: string): Promise<void> {
    await this.#run(this.#statements.get('release_checkpoint').text, [name, version, owner]);
  }

  async transaction<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T> {
    const result = await this.#client.transaction(runner =>
      work(new SqlReadModelTransaction(runner, this.#statements)),
    );
    this.#checkpoints.notify();
    return result;
  }

  async getDocuments(projection: ProjectionId, ids: readonly string[]): Promise<readonly StoredDocument[]> {
    const table = this.#table(projection);
    const text = `select ${documentColumns} from ${table} where id = any ($1::text[]) order by id`;
    return (await this.#run(text, [textArray(ids)])).map(readDocument);
  }

  async findDocuments(projection: ProjectionId, query: DocumentQuery): Promise<readonly StoredDocument[]> {
    const { text, parameters } = documentConditions(query);
    const rows = await this.#run(
      `select ${documentColumns} from ${this.#table(projection)} ${text}`,
      parameters,
    );
    return rows.map(readDocument);
  }

  async countDocuments(projection: ProjectionId, where?: DocumentQuery['where']): Promise<number> {
    const filter = documentFilter(where);
    const text = `select count(*) from ${this.#table(projection)} ${filter.where}`;
    return Number((await this.#run(text, filter.parameters))[0]?.[0]);
  }

  async listParked({ name, version }: ProjectionId): Promise<readonly ParkedKey[]> {
    return (await this.#run(this.#statements.get('list_parked').text, [name, version])).map(readParkedKey);
  }

  async countParked(): Promise<readonly ParkedCount[]> {
    return (await this.#run(this.#statements.get('count_parked').text, [])).map(readParkedCount);
  }

  isTransient(error: unknown): boolean {
    return causesOf(error).some(
      cause =>
        cause instanceof StoreUnavailable ||
        isLostConnection(cause) ||
        isTransientCollision(cause) ||
        isRefusedByServer(cause) ||
        sqlCode(cause) === lockNotAvailable,
    );
  }

  onCheckpoint(listener: () => void): () => void {
    return this.#checkpoints.add(listener);
  }

  #table(projection: ProjectionId): string {
    return tableName(this.#statements.schema, projection, 'documents');
  }

  /* Nodes that start together would make the same table at once. */
  async #changeTables(work: (runner: SqlRunner) => Promise<void>): Promise<void> {
    const lock = "select pg_advisory_xact_lock(hashtext('annals projections'), hashtext($1))";
    await this.#client.transaction(async runner => {
      await runner.run({ text: lock }, [this.#statements.schema]);
      await work(runner);
    });
  }

  async #run(text: string, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    try {
      return await this.#client.run({ text }, parameters);
    } catch (error) {
      if (isLostConnection(error))
        throw new StoreUnavailable('The read model could not be read.', { cause: error });
      throw error;
    }
  }
}

function readDocument([id, document, version, position]: SqlRow): StoredDocument {
  const parsed: unknown = JSON.parse(document!);
  return { id: id!, document: parsed, version: Number(version), position: Number(position) };
}
