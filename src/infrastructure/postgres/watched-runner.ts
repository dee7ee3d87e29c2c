import type { SqlParameter, SqlRow, SqlRunner, SqlStatement } from './sql-client.ts';

/** Runs statements and remembers what the database threw, to tell it from what others throw beside them. */
export class WatchedRunner implements SqlRunner {
  readonly #runner: SqlRunner;
  /** Weak: an error is remembered for as long as somebody else has it. */
  protected readonly thrown: WeakSet<object>;

  /** @param thrown - where it is remembered; default: in this runner alone */
  constructor(runner: SqlRunner, thrown = new WeakSet<object>()) {
    this.#runner = runner;
    this.thrown = thrown;
  }

  /** Whether this error came from the database. */
  hasThrown(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.thrown.has(error);
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
      this.noteThrown(error);
      throw error;
    }
  }

  protected noteThrown(error: unknown): void {
    if (typeof error === 'object' && error !== null) this.thrown.add(error);
  }
}
