import { writeDocumentCursor } from '../../application/documents/document-cursor.ts';
import type { ParkedKey } from '../../application/ports/parked-events.ts';
import type { RecordedOperation } from '../../application/ports/operation.ts';
import type {
  ClaimedShard,
  NodeState,
  ProjectionId,
  ProjectionsView,
  ShardCondition,
  ShardId,
} from '../../application/ports/projection-states.ts';
import type {
  CheckpointMove,
  DocumentQuery,
  FoundDocuments,
  ReadModelStore,
  ReadModelTransaction,
  StoredDocument,
} from '../../application/ports/read-model-store.ts';
import { BuildGone } from '../../application/ports/read-model-errors.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import type { MovedCheckpoint } from '../../application/subscriptions/checkpoint-expectations.ts';
import { causesOf } from '../../application/events/causes-of.ts';
import { int4Array, int8Array, textArray } from './binary-arrays.ts';
import type { CheckpointSignals } from './checkpoint-signals.ts';
import { documentConditions, documentFilter, sortKeyText } from './document-conditions.ts';
import { tableName } from './read-model-tables.ts';
import type { SqlClient, SqlParameter, SqlRow } from './sql-client.ts';
import { isLostConnection, isRefusedByServer, isTransientCollision, sqlCode } from './sql-errors.ts';
import { readParkedKey } from './sql-parked-events.ts';
import { readOperation } from './operation-rows.ts';
import { keyOf, readView } from './sql-projection-states.ts';
import { SqlReadModelTransaction } from './sql-read-model-transaction.ts';
import type { Statements } from './statements.ts';
import { WatchedClient } from './watched-client.ts';

const lockNotAvailable = '55P03';
// Long enough for most batches; short enough for whoever waits for the locks that are held meanwhile.
const lockTimeout = "set local lock_timeout = '500ms'";
const stateLockPatienceMs = 30_000;
const isLocked =
  'The projection could not be changed, because its tables or checkpoints are locked by another transaction, such as ' +
  'a long batch, a report or a dump. Try again later.';
const isUnknown =
  'The connection to the database was lost while a projection was being changed. See by list() and history() whether ' +
  'it was done, and do it again if not.';
const undefinedTable = '42P01';
const documentColumns = 'id, document, version, position';

/** Read models and checkpoints in ordinary tables, beside the events. */
export class SqlReadModelStore implements ReadModelStore {
  readonly hasSql = true;
  readonly #client: WatchedClient;
  readonly #statements: Statements;
  readonly #signals: CheckpointSignals;

  constructor(client: SqlClient, statements: Statements, signals: CheckpointSignals) {
    this.#client = new WatchedClient(client);
    this.#statements = statements;
    this.#signals = signals;
  }

  async beat({ node, runs }: NodeState, leaseMs: number): Promise<ProjectionsView> {
    return readView((await this.#get('beat', [node, textArray(runs), leaseMs]))[0]!);
  }

  async leave(node: string): Promise<void> {
    await this.#get('leave', [node]);
    this.#signals.changed();
  }

  async readStates(): Promise<ProjectionsView> {
    return readView((await this.#get('projection_states', []))[0]!);
  }

  async claim(node: string, shards: readonly ClaimedShard[]): Promise<readonly ClaimedShard[]> {
    const epochs = int8Array(shards.map(({ epoch }) => epoch));
    const rows = await this.#get('claim_shards', [node, ...shardColumns(shards), epochs]);
    return rows.map(([name, ...numbers]) => {
      const [version, generation, shard, epoch] = numbers.map(Number) as [number, number, number, number];
      return { name: name!, version, generation, shard, epoch };
    });
  }

  async release(node: string, shards: readonly ShardId[]): Promise<void> {
    await this.#get('release_shards', [node, ...shardColumns(shards)]);
  }

  async noteCondition(
    shard: ClaimedShard,
    condition: ShardCondition,
    error: string | undefined,
  ): Promise<void> {
    const parameters = [...keyOf(shard), shard.shard, shard.epoch, condition, error ?? null];
    await this.#get('note_condition', parameters);
  }

  onStatesChanged(listener: () => void): () => void {
    return this.#signals.onChanged(listener);
  }

  async readCheckpoint(projection: ProjectionId): Promise<number> {
    const [position] = (await this.#get('read_checkpoint', keyOf(projection)))[0]!;
    return position == null ? Infinity : Number(position);
  }

  async takeLease(name: string, owner: string, leaseMs: number): Promise<boolean> {
    return (await this.#get('take_lease', [name, owner, leaseMs])).length > 0;
  }

  async endLease(name: string, owner: string): Promise<void> {
    await this.#get('end_lease', [name, owner]);
  }

  async listOperations(name: string | undefined, limit: number): Promise<readonly RecordedOperation[]> {
    return (await this.#get('list_operations', [name ?? null, limit])).map(readOperation);
  }

  /* In one statement, because it happens for every projection whose types do not occur. */
  async moveCheckpoint(shard: ClaimedShard, move: CheckpointMove): Promise<void> {
    const transaction = new SqlReadModelTransaction(this.#client, this.#statements);
    await transaction.moveCheckpoint(shard, move);
    this.#signals.moved(transaction.moves);
  }

  transaction<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T> {
    return this.#transaction(work);
  }

  async #transaction<T>(
    work: (transaction: ReadModelTransaction) => Promise<T>,
    preparation?: string,
  ): Promise<T> {
    let moves: readonly MovedCheckpoint[] = [];
    const result = await this.#client.transaction(async runner => {
      if (preparation !== undefined) await runner.runScript(preparation);
      const transaction = new SqlReadModelTransaction(runner, this.#statements);
      moves = transaction.moves;
      return work(transaction);
    });
    this.#signals.moved(moves);
    return result;
  }

  /* Whoever waits for a long batch or report holds up appends meanwhile, so it lets go and tries again. */
  async changeStates<T>(work: (transaction: ReadModelTransaction) => Promise<T>): Promise<T> {
    const giveUpAtMs = performance.now() + stateLockPatienceMs;
    for (;;) {
      try {
        const result = await this.#transaction(work, lockTimeout);
        this.#signals.changed();
        return result;
      } catch (error) {
        // What a projector throws may look alike.
        if (!this.#client.hasThrown(error)) throw error;
        if (isLostConnection(error)) throw new StoreUnavailable(isUnknown, { cause: error });
        if (sqlCode(error) !== lockNotAvailable) throw error;
        if (performance.now() > giveUpAtMs) throw new StoreUnavailable(isLocked, { cause: error });
        await new Promise(resolve => setTimeout(resolve, 50 + Math.random() * 100));
      }
    }
  }

  async getDocuments(projection: ProjectionId, ids: readonly string[]): Promise<readonly StoredDocument[]> {
    const table = this.#table(projection);
    const text = `select ${documentColumns} from ${table} where id = any ($1::text[]) order by id`;
    return (await this.#readBuild(projection, text, [textArray(ids)])).map(readDocument);
  }

  async findDocuments(projection: ProjectionId, query: DocumentQuery): Promise<FoundDocuments> {
    const { text, parameters } = documentConditions(query);
    const { limit = 100, orderBy } = query;
    const columns = `${documentColumns}, ${sortKeyText(orderBy)}`;
    const select = this.#statements.inSchema(`select ${columns} from ${this.#table(projection)} ${text}`);
    const rows = await this.#readBuild(projection, select, parameters);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      documents: rows.slice(0, limit).map(readDocument),
      nextCursor: last && writeDocumentCursor(query, { key: last[4]!, id: last[0]! }),
    };
  }

  async countDocuments(projection: ProjectionId, where?: DocumentQuery['where']): Promise<number> {
    const filter = documentFilter(where);
    const text = `select count(*) from ${this.#table(projection)} ${filter.where}`;
    return Number((await this.#readBuild(projection, text, filter.parameters))[0]?.[0]);
  }

  async listParked(projection: ProjectionId): Promise<readonly ParkedKey[]> {
    return (await this.#get('list_parked', keyOf(projection))).map(readParkedKey);
  }

  /* Only of what the database itself has thrown, or a projector's own error that looks alike would hold up every key. */
  isTransient(error: unknown): boolean {
    return causesOf(error).some(
      cause => cause instanceof StoreUnavailable || (this.#client.hasThrown(cause) && isBusyOrAway(cause)),
    );
  }

  expectCheckpoint(projection: ProjectionId, position: number, wake: () => void): () => void {
    return this.#signals.expect(projection, position, wake);
  }

  #table(projection: ProjectionId): string {
    return tableName(this.#statements.schema, projection, 'documents');
  }

  #get(
    statement: Parameters<Statements['get']>[0],
    parameters: readonly SqlParameter[],
  ): Promise<readonly SqlRow[]> {
    return this.#run(this.#statements.get(statement).text, parameters);
  }

  async #readBuild(
    projection: ProjectionId,
    text: string,
    parameters: readonly SqlParameter[],
  ): Promise<readonly SqlRow[]> {
    try {
      return await this.#run(text, parameters);
    } catch (error) {
      throw sqlCode(error) === undefinedTable ? new BuildGone(projection, { cause: error }) : error;
    }
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

function isBusyOrAway(error: unknown): boolean {
  if (isLostConnection(error) || isTransientCollision(error)) return true;
  return isRefusedByServer(error) || sqlCode(error) === lockNotAvailable;
}

function readDocument([id, document, version, position]: SqlRow): StoredDocument {
  const parsed: unknown = JSON.parse(document!);
  return { id: id!, document: parsed, version: Number(version), position: Number(position) };
}

function shardColumns(shards: readonly ShardId[]): [Buffer, Buffer, Buffer, Buffer] {
  return [
    textArray(shards.map(({ name }) => name)),
    int4Array(shards.map(({ version }) => version)),
    int4Array(shards.map(({ generation }) => generation)),
    int4Array(shards.map(({ shard }) => shard)),
  ];
}
