import type { Recorded } from '../../domain/index.ts';
import { CheckpointMoved } from '../../application/ports/read-model-errors.ts';
import type { ParkedEvents } from '../../application/ports/parked-events.ts';
import type {
  ClaimedShard,
  ProjectionId,
  ProjectionStates,
  ShardId,
} from '../../application/ports/projection-states.ts';
import type {
  Checkpoint,
  CheckpointMove,
  Comparison,
  ComparisonOptions,
  DocumentChange,
  InlineEntry,
  ReadModelTransaction,
  SqlSession,
} from '../../application/ports/read-model-store.ts';
import type { MovedCheckpoint } from '../../application/subscriptions/checkpoint-expectations.ts';
import { readEvent } from './event-rows.ts';
import { int4Array, int8Array, textArray } from './binary-arrays.ts';
import { compareBuilds } from './compare-builds.ts';
import { tableName } from './read-model-tables.ts';
import type { SqlRunner } from './sql-client.ts';
import { SqlParkedEvents } from './sql-parked-events.ts';
import { SqlProjectionStates, keyOf } from './sql-projection-states.ts';
import { prepared } from './statements.ts';
import type { Statements } from './statements.ts';

// Taken back once it has passed: what is immediate stays so to the end of the transaction, and would fail those that
// come next. Not "all deferred" afterwards, which would defer those that a team wants to have immediate at first.
const checkConstraints = `
  savepoint annals_check;
  set constraints all immediate;
  rollback to savepoint annals_check;
  release savepoint annals_check`;

/** What a projector may do in the transaction of its batch, or of the append. */
export class SqlReadModelTransaction implements ReadModelTransaction {
  readonly sql: SqlSession;
  readonly parked: ParkedEvents;
  readonly states: ProjectionStates;
  /** The checkpoints that it moves, for those who wait. */
  readonly moves: MovedCheckpoint[] = [];
  readonly #runner: SqlRunner;
  readonly #statements: Statements;

  readonly #isInsideAppend: boolean;
  /* What was looked for and is not there, of which nobody else can make any until the transaction ends. */
  readonly #absent = new Set<string>();
  /* Tables whose documents this append has locked, as far as it writes to them, before it took positions. */
  readonly #entered = new Set<string>();

  /** @param isInsideAppend - whether other appends may write the same documents at the same time */
  constructor(runner: SqlRunner, statements: Statements, isInsideAppend = false) {
    this.#isInsideAppend = isInsideAppend;
    this.#runner = runner;
    this.#statements = statements;
    this.parked = new SqlParkedEvents(runner, statements);
    this.states = new SqlProjectionStates(runner, statements);
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
    if (this.#isInsideAppend && !this.#entered.has(table)) await this.#lockDocuments(table, ids);
    const text = `select id, document from ${table} where id = any ($1::text[])`;
    const rows = await this.#runner.run(prepared('load_documents', text), [textArray(ids)]);
    const found = new Map(rows.map(([id, document]) => [id!, JSON.parse(document!) as unknown]));
    this.#absent.clear();
    for (const id of ids) if (!found.has(id)) this.#absent.add(id);
    return found;
  }

  async saveDocuments(projection: ProjectionId, changes: readonly DocumentChange[]): Promise<void> {
    const table = tableName(this.#statements.schema, projection, 'documents');
    const isNew = ({ id }: DocumentChange): boolean => this.#absent.has(id);
    const kept = changes.filter(change => change.json !== null);
    const removed = changes.filter(change => change.json === null && !isNew(change));
    const [made, changed] = [kept.filter(isNew), kept.filter(change => !isNew(change))];
    this.#absent.clear();
    if (removed.length > 0) {
      const ids = textArray(removed.map(change => change.id));
      await this.#runner.run({ text: `delete from ${table} where id = any ($1::text[])` }, [ids]);
    }
    // A plain insert takes a quarter less than one that has to look for a row in its place.
    if (made.length > 0) await this.#write('insert_documents', insertInto(table), made);
    if (changed.length > 0) await this.#write('save_documents', upsertInto(table), changed);
  }

  async lockCheckpoint(shard: ShardId): Promise<Checkpoint | undefined> {
    const parameters = [...keyOf(shard), shard.shard];
    const [row] = await this.#runner.run(this.#statements.get('lock_checkpoint'), parameters);
    if (row === undefined) return undefined;
    const [position, epoch, parkedRevision] = row.map(Number);
    return { position: position!, epoch: epoch!, parkedRevision: parkedRevision! };
  }

  async moveCheckpoint(shard: ClaimedShard, { from, to, eventsPerSecond }: CheckpointMove): Promise<void> {
    const key = [...keyOf(shard), shard.shard];
    const parameters = [...key, shard.epoch, from, to, eventsPerSecond];
    const moved = await this.#runner.run(this.#statements.get('move_checkpoint'), parameters);
    if (moved.length > 0) return void this.moves.push({ projection: shard, from, to });
    const actual = await this.lockCheckpoint(shard);
    throw new CheckpointMoved(shard, from, actual?.position, actual?.epoch !== shard.epoch);
  }

  async enterInline(entries: readonly InlineEntry[]): Promise<readonly ProjectionId[]> {
    const alone = entries.filter(({ documents }) => documents === undefined);
    const names = [entries, alone].map(some => textArray(some.map(({ name }) => name)));
    const rows = await this.#runner.run(this.#statements.get('enter_inline'), names);
    const builds = rows.map(([name, version, generation]) => {
      return { name: name!, version: Number(version), generation: Number(generation) };
    });
    for (const build of builds) {
      const documents = entries.find(({ name }) => name === build.name)?.documents;
      const table = tableName(this.#statements.schema, build, 'documents');
      if (documents !== undefined) await this.#lockDocuments(table, documents);
      this.#entered.add(table);
    }
    return builds;
  }

  async lockInline(name: string): Promise<void> {
    await this.#runner.run(this.#statements.get('lock_inline'), [name]);
  }

  compare(live: ProjectionId, built: ProjectionId, how: ComparisonOptions): Promise<Comparison> {
    return compareBuilds(this.#runner, this.#statements.schema, { live, built, ...how });
  }

  async lastPosition(): Promise<number> {
    const [row] = await this.#runner.run(this.#statements.get('last_position'), []);
    return Number(row![0]);
  }

  async settledPosition(): Promise<number> {
    const [row] = await this.#runner.run(this.#statements.get('settled_position'), []);
    return Number(row![0]);
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
      await this.#runner.runScript(`${checkConstraints}; release savepoint annals_attempt`);
      return result;
    } catch (error) {
      // Where not even this works, the connection is gone, and the error says so.
      await this.#runner.runScript('rollback to savepoint annals_attempt').catch(() => undefined);
      throw error;
    }
  }

  /* Two appends may concern one document, which may not be there yet. */
  async #lockDocuments(table: string, ids: readonly string[]): Promise<void> {
    await this.#runner.run(this.#statements.get('lock_documents'), [table, textArray(ids)]);
  }

  async #write(name: string, text: string, changes: readonly DocumentChange[]): Promise<void> {
    await this.#runner.run(prepared(name, text), [
      textArray(changes.map(change => change.id)),
      textArray(changes.map(change => change.json)),
      int4Array(changes.map(change => change.version)),
      int8Array(changes.map(change => change.position)),
    ]);
  }
}

function insertInto(table: string): string {
  return `
    insert into ${table} (id, document, version, position)
    select * from unnest($1::text[], $2::text[]::jsonb[], $3::int[], $4::bigint[])`;
}

function upsertInto(table: string): string {
  return `${insertInto(table)}
    on conflict (id) do update
    set document = excluded.document, version = excluded.version, position = excluded.position`;
}
