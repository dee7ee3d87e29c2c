import type { CopiedRow } from './copy-out.ts';

/** A parameter of a statement; a buffer is sent in PostgreSQL's binary format. */
export type SqlParameter = string | number | boolean | null | Buffer;

/** A row in the order of the select list, every value as PostgreSQL's text. */
export type SqlRow = readonly (string | null)[];

/** A statement; one with a name is prepared once on each connection. */
export interface SqlStatement {
  readonly name?: string;
  readonly text: string;
}

/** Something that runs statements. */
export interface SqlRunner {
  run(statement: SqlStatement, parameters?: readonly SqlParameter[]): Promise<readonly SqlRow[]>;
  /** Rows as objects, values converted as the driver does it; for statements that teams write. */
  runForObjects(text: string, parameters: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Several statements without parameters. */
  runScript(text: string): Promise<void>;
}

/** Hears signals of other processes; some may get lost. */
export interface SignalListener {
  onSignal(payload: string): void;
  /** Called whenever listening begins, anew or again: what was notified before was not heard. */
  onListening(): void;
}

/**
 * All that the SQL adapters ask of a driver.
 *
 * A call may run on any connection; `transaction` keeps one from BEGIN to COMMIT.
 */
export interface SqlClient extends SqlRunner, AsyncDisposable {
  transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T>;
  /**
   * The rows of a query in PostgreSQL's binary format. Planned anew each time, so it pays from some hundred rows on.
   *
   * @param query - with a cast at each parameter: `$1::bigint`
   * @returns undefined where the driver cannot
   */
  copyOut(query: string, parameters: readonly string[]): Promise<readonly CopiedRow[] | undefined>;
  /** Hears what is notified on a channel until it is disposed. Missing where the driver cannot. */
  listen?(channel: string, listener: SignalListener): AsyncDisposable;
}
