import type pg from 'pg';
import { CopiedRows } from './copy-out.ts';
import type { CopiedRow } from './copy-out.ts';

interface PgCopyOutOptions {
  readonly script: string;
  readonly answerTimeoutMs: number;
  readonly resolve: (rows: readonly CopiedRow[]) => void;
  readonly reject: (error: Error) => void;
}

/** Runs a script that ends in `copy … to stdout (format binary)`. The driver has no COPY, but hands on its messages. */
export class PgCopyOut implements pg.Submittable {
  /** How long the driver waits; it sees to that itself. */
  readonly query_timeout: number;
  /** Set by the driver, to be told that it need not wait any longer. */
  callback?: () => void;
  readonly #options: PgCopyOutOptions;
  readonly #copied = new CopiedRows();

  private constructor(options: PgCopyOutOptions) {
    this.query_timeout = options.answerTimeoutMs;
    this.#options = options;
  }

  /**
   * Whether a connection is one of the driver's own, which takes this: not libpq's, nor what only resembles one, nor
   * one that sends statements before it has the answers to those before.
   */
  static isPossibleOn(client: object): boolean {
    return 'connection' in client && (client as { readonly pipeline?: boolean }).pipeline !== true;
  }

  /** Runs a script; all rows are there when it is done. */
  static run(client: pg.ClientBase, script: string, answerTimeoutMs: number): Promise<readonly CopiedRow[]> {
    return new Promise((resolve, reject) => {
      client.query(new PgCopyOut({ script, answerTimeoutMs, resolve, reject }));
    });
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#options.script);
  }

  handleCopyData(message: { readonly chunk: Buffer }): void {
    this.#copied.add(message.chunk);
  }

  handleReadyForQuery(): void {
    this.callback?.();
    this.#options.resolve(this.#copied.rows);
  }

  handleError(error: Error): void {
    this.callback?.();
    this.#options.reject(error);
  }

  handleRowDescription(): void {
    // Of the settings, which answer with a row as well.
  }

  handleDataRow(): void {
    // As above.
  }

  handleCommandComplete(): void {
    // What counts is that the connection is ready again.
  }
}
