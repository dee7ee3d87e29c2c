import type { PGlite, Transaction } from '@electric-sql/pglite';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import { UnderWay } from '../../application/under-way.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlRunner, SqlStatement } from '../postgres/sql-client.ts';
import { TransactionRolledBack, sqlCode } from '../postgres/sql-errors.ts';

// Values go in as text or binary and come out as text, whatever their type: the adapter knows what they are.
const asGiven = new Proxy(
  {},
  { get: () => (value: unknown) => (Buffer.isBuffer(value) ? value : String(value)) },
);
// bool, int8, int2, int4, text, json, float4, float8, varchar, date, timestamp, timestamptz, numeric, uuid, jsonb
const scalarOids = [16, 20, 21, 23, 25, 114, 700, 701, 1043, 1082, 1114, 1184, 1700, 2950, 3802];
// the arrays of bool, int2, int4, text, int8, json, timestamptz, uuid
const arrayOids = [1000, 1005, 1007, 1009, 1016, 199, 1185, 2951];
const asText = Object.fromEntries([...scalarOids, ...arrayOids].map(oid => [oid, (value: string) => value]));

// Short enough that nobody notices, long enough that a burst of statements is not slowed down.
const maxBusyMs = 10;

/** Runs statements in PostgreSQL inside this process. It has one connection, so calls run one by one. */
export class PGliteClient implements SqlClient {
  readonly #database: PGlite;
  readonly #release: () => Promise<void>;
  readonly #underWay = new UnderWay();
  #isClosed = false;
  #yieldedAtMs = 0;

  /** @param release - called once the database is closed */
  constructor(database: PGlite, release = async (): Promise<void> => undefined) {
    this.#database = database;
    this.#release = release;
  }

  run(statement: SqlStatement, parameters?: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    return this.#track(async () => {
      await this.#letOthersRun();
      return new PGliteRunner(this.#database).run(statement, parameters);
    });
  }

  runForObjects(text: string, parameters: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#track(() => new PGliteRunner(this.#database).runForObjects(text, parameters));
  }

  runScript(text: string): Promise<void> {
    return this.#track(() => new PGliteRunner(this.#database).runScript(text));
  }

  /** Nothing is gained by it here: the rows need not cross a socket. */
  async copyOut(): Promise<undefined> {
    return undefined;
  }

  transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    return this.#track(() => this.#transaction(work));
  }

  async #transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    await this.#letOthersRun();
    try {
      return await this.#database.transaction(transaction => work(new PGliteRunner(transaction)));
    } catch (error) {
      throw sqlCode(error) === '25P02' ? new TransactionRolledBack({ cause: error }) : error;
    }
  }

  async #track<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailable('The embedded store was closed.');
    return this.#underWay.track(call());
  }

  /** Refuses new calls, lets those under way end, and closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#underWay.settle();
    await this.#database.close();
    await this.#release();
  }

  /* PGlite computes in this thread and answers without a turn of the event loop; timers and sockets wait. */
  async #letOthersRun(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#yieldedAtMs < maxBusyMs) return;
    this.#yieldedAtMs = nowMs;
    await new Promise(resolve => setImmediate(resolve));
  }
}

class PGliteRunner implements SqlRunner {
  readonly #target: PGlite | Transaction;

  constructor(target: PGlite | Transaction) {
    this.#target = target;
  }

  async run(statement: SqlStatement, parameters: readonly SqlParameter[] = []): Promise<readonly SqlRow[]> {
    const options = { rowMode: 'array', parsers: asText, serializers: asGiven } as const;
    const { rows } = await this.#target.query<SqlRow>(statement.text, [...parameters], options);
    return rows;
  }

  async runForObjects(
    text: string,
    parameters: readonly unknown[],
  ): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await this.#target.query<Record<string, unknown>>(text, [...parameters]);
    return rows;
  }

  async runScript(text: string): Promise<void> {
    await this.#target.exec(text);
  }
}
