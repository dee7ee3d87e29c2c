import pg from 'pg';
import type { Logger } from '../../application/ports/logger.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import { UnderWay } from '../../application/under-way.ts';
import { copyScript } from './copy-out.ts';
import type { CopiedRow } from './copy-out.ts';
import { ListeningConnection } from './listening-connection.ts';
import { PgCopyOut } from './pg-copy-out.ts';
import { UnsuitablePool, checkPool } from './pg-pool.ts';
import type { PgPool } from './pg-pool.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlRunner, SqlStatement } from './sql-client.ts';
import { AnswerTimedOut, TransactionRolledBack, isAnswerTimeout } from './sql-errors.ts';

/** How to reach a PostgreSQL server. */
export interface PgClientOptions {
  /** Connections at most; default 10. */
  readonly maxConnections?: number | undefined;
  /** How long to wait for a connection; default 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long to wait for the answer to a statement of Annals' own; default 30 s. A server that is frozen or out of
   * reach never answers, and says nothing either. SQL of table projectors and migrations may take longer.
   */
  readonly answerTimeoutMs?: number | undefined;
  /**
   * How long a transaction may stand still between two statements; default 10 s. A process that was stopped in the
   * middle of one would otherwise keep its locks for as long as it is stopped, and nobody could take over from it.
   */
  readonly idleTransactionMs?: number | undefined;
  /** Whether hot statements are prepared; switch it off behind a pooler that cannot; default true. */
  readonly preparesStatements?: boolean | undefined;
}

// Longer than anything that Annals asks of a server that is well, shorter than anybody's patience.
const defaultAnswerTimeoutMs = 30_000;
// Longer than a lease, so that nobody is cut off who is alive and only slow.
const defaultIdleTransactionMs = 10_000;

/* What the driver takes, although its types do not know all of it. */
type TimedQuery = pg.QueryConfig & { readonly rowMode?: 'array'; readonly query_timeout?: number };

type OnConnected = (error: Error | undefined, client: pg.PoolClient | undefined) => void;

interface HowToRun {
  readonly prepares: boolean;
  readonly answerTimeoutMs: number;
  readonly idleTransactionMs: number;
}

// Every value stays PostgreSQL's text: what is needed is parsed once, where it is known what it is.
const textTypes = { getTypeParser: () => (value: unknown) => value };

/** Runs statements through the `pg` driver. */
export class PgClient implements SqlClient {
  readonly #pool: pg.Pool;
  readonly #ownsPool: boolean;
  readonly #how: HowToRun;
  readonly #reportLoss: (error: Error) => void;
  /** Listens on a connection beside the pool, so that nobody waits for one because of it. */
  readonly listen?: NonNullable<SqlClient['listen']>;
  readonly #underWay = new UnderWay();
  /* As far as is known; all connections of a pool are of a kind. */
  #canCopy = true;
  #isClosed = false;

  /**
   * @param target - a connection string, or a pool that stays the caller's to end
   * @throws {UnsuitablePool} it is neither
   */
  constructor(target: string | PgPool, logger: Logger, options: PgClientOptions = {}) {
    this.#ownsPool = typeof target === 'string';
    if (typeof target !== 'string') checkPool(target);
    this.#pool = typeof target === 'string' ? newPool(target, options) : (target as unknown as pg.Pool);
    this.#how = {
      prepares: options.preparesStatements ?? true,
      answerTimeoutMs: options.answerTimeoutMs ?? defaultAnswerTimeoutMs,
      idleTransactionMs: options.idleTransactionMs ?? defaultIdleTransactionMs,
    };
    // Without a listener a connection that dies while idle would end the process.
    this.#reportLoss = error => logger.warn('An idle connection was lost; the pool replaces it.', { error });
    this.#pool.on('error', this.#reportLoss);
    const pool = this.#pool as Partial<pg.Pool>;
    if (pool.options !== undefined) this.listen = listenBeside(pool.options, logger);
  }

  run(statement: SqlStatement, parameters?: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    return this.#track(() => new PgRunner(this.#pool, this.#how).run(statement, parameters));
  }

  runForObjects(text: string, parameters: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#track(() => new PgRunner(this.#pool, this.#how).runForObjects(text, parameters));
  }

  runScript(text: string): Promise<void> {
    return this.#track(() => new PgRunner(this.#pool, this.#how).runScript(text));
  }

  transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    return this.#track(() => this.#transaction(work));
  }

  copyOut(query: string, parameters: readonly string[]): Promise<readonly CopiedRow[] | undefined> {
    return this.#track(async () =>
      this.#canCopy ? this.#copyOut(copyScript(query, parameters, 'stdout')) : undefined,
    );
  }

  async #copyOut(script: string): Promise<readonly CopiedRow[] | undefined> {
    const { answerTimeoutMs } = this.#how;
    const client = await this.#connect();
    let failure: Error | undefined;
    try {
      this.#canCopy = PgCopyOut.isPossibleOn(client);
      if (!this.#canCopy) return undefined;
      return await PgCopyOut.run(client, script, answerTimeoutMs);
    } catch (error) {
      // Whatever it was, the connection may be in the middle of an answer.
      failure = timedOut(error, answerTimeoutMs);
      throw failure;
    } finally {
      client.off('error', ignore);
      client.release(failure);
    }
  }

  async #transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    const runner = new PgRunner(client, this.#how);
    let failure: Error | undefined;
    try {
      await runner.begin();
      const result = await work(runner);
      // PostgreSQL answers the commit of a failed transaction with a rollback, and with no error.
      if ((await runner.control('commit')) !== 'COMMIT') throw new TransactionRolledBack();
      return result;
    } catch (error) {
      failure = await rollBack(runner, error);
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(failure);
    }
  }

  /*
   * By callback: the pool stops listening to a connection when it hands it out. One that ends in that very moment
   * would end the process before a promise has got round to listening.
   */
  #connect(): Promise<pg.PoolClient> {
    const pool: { connect(callback: OnConnected): unknown } = this.#pool;
    return new Promise((resolve, reject) => {
      const answer = pool.connect((error, client) => {
        if (client === undefined) return reject(error!);
        client.on('error', ignore);
        resolve(client);
      });
      refusePromised(answer).catch(reject);
    });
  }

  async #track<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StoreUnavailable('The connection to the database was closed.');
    return this.#underWay.track(call());
  }

  /** Refuses new calls, and lets those under way end: a pool that is ended never answers who waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#underWay.settle();
    // The end of a pool does not wait for its connections, and each may still report how it ended.
    if (this.#ownsPool) await this.#pool.end();
    else this.#pool.off('error', this.#reportLoss);
  }
}

function newPool(connectionString: string, options: PgClientOptions): pg.Pool {
  return new pg.Pool({
    connectionString,
    max: options.maxConnections ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    application_name: 'annals',
    // A machine that vanished closes nothing; this finds out, also where a statement may take its time.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
}

/* A pool that does not know callbacks would never call, and answers with the connection instead. */
async function refusePromised(answer: unknown): Promise<void> {
  const client = (await answer) as pg.PoolClient | undefined;
  if (client === undefined) return;
  client.release();
  throw new UnsuitablePool('promises connections, but does not call the callback that connect() is given');
}

/* A connection that dies between two statements reports it as an event, too; the next statement will tell. */
function ignore(): void {
  return undefined;
}

// A connection over which nothing comes for hours must be noticed when it is dead.
const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

function listenBeside(options: pg.PoolOptions, logger: Logger): NonNullable<SqlClient['listen']> {
  const connect = (): pg.Client => {
    // Descriptors, because the pool hides the password from a plain copy.
    const copy: object = Object.defineProperties({}, Object.getOwnPropertyDescriptors(options));
    return new pg.Client(Object.assign(copy, keepAlive));
  };
  const connection = new ListeningConnection(connect, logger);
  return (channel, listener) => connection.listen(channel, listener);
}

/* A connection that cannot even roll back is thrown away, not returned to the pool. */
async function rollBack(runner: PgRunner, reason: unknown): Promise<Error | undefined> {
  if (reason instanceof AnswerTimedOut) return reason;
  try {
    await runner.control('rollback');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/* The driver's error, or what it stands for. */
function timedOut(error: unknown, answerTimeoutMs: number): Error {
  if (!isAnswerTimeout(error)) return error as Error;
  return new AnswerTimedOut(answerTimeoutMs, { cause: error });
}

class PgRunner implements SqlRunner {
  readonly #target: pg.Pool | pg.PoolClient;
  readonly #how: HowToRun;

  constructor(target: pg.Pool | pg.PoolClient, how: HowToRun) {
    this.#target = target;
    this.#how = how;
  }

  async run(statement: SqlStatement, parameters: readonly SqlParameter[] = []): Promise<readonly SqlRow[]> {
    const { prepares } = this.#how;
    const { rows } = await this.#inTime<(string | null)[]>({
      text: statement.text,
      values: parameters as SqlParameter[],
      rowMode: 'array',
      types: textTypes,
      ...(prepares && statement.name !== undefined && { name: statement.name }),
    });
    return rows;
  }

  /* Set for the transaction alone: the next one of this connection may be somebody else's, behind a pooler. */
  async begin(): Promise<void> {
    const limit = `set local idle_in_transaction_session_timeout = ${this.#how.idleTransactionMs}`;
    // Whatever the default has become since the start: each statement has to see what is committed before it.
    await this.#inTime({ text: `begin isolation level read committed; ${limit}` });
  }

  /** Ends a transaction; says what was done. */
  async control(text: 'commit' | 'rollback'): Promise<string> {
    return (await this.#inTime({ text })).command;
  }

  async #inTime<Row extends pg.QueryResultRow>(query: TimedQuery): Promise<pg.QueryResult<Row>> {
    const { answerTimeoutMs } = this.#how;
    try {
      return await this.#target.query<Row>({ ...query, query_timeout: answerTimeoutMs } as TimedQuery);
    } catch (error) {
      throw timedOut(error, answerTimeoutMs);
    }
  }

  async runForObjects(
    text: string,
    parameters: readonly unknown[],
  ): Promise<readonly Record<string, unknown>[]> {
    const { rows } = await this.#target.query<Record<string, unknown>>(text, [...parameters]);
    return rows;
  }

  async runScript(text: string): Promise<void> {
    await this.#target.query(text);
  }
}
