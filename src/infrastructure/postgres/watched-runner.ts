import type { SqlParameter, SqlRow, SqlRunner, SqlStatement } from './sql-client.ts';

/** Runs statements and remembers what the database threw, to tell it from what others throw beside them. */
export class WatchedRunner implements SqlRunner {
  readonly #runner: SqlRunner;
  readonly #thrown = new Set<unknown>();

  constructor(runner: SqlRunner) {
    this.#runner = runner;
  }

  /** Whether this error came from the database. */
  hasThrown(error: unknown): boolean {
    return this.#thrown.has(error);
  }

  run(statement: SqlStatement, parameters?: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    return this.#watch(this.#runner.run(statement, parameters));
  }

  runForObjects(text: string, parameters: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#watch(this.#runner.runForObjects(text, parameters));
  }

  runScript(text: string): Promise<void> {
    return this.#watch(this.#runner.runScript(text));
  }

  async #watch<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      this.#thrown.add(error);
      throw error;
    }
  }
}
