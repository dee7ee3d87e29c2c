import type { SqlClient, SqlRunner } from './sql-client.ts';
import { WatchedRunner } from './watched-runner.ts';

/** A client that remembers what the database threw, in transactions and around them. */
export class WatchedClient extends WatchedRunner {
  readonly #client: SqlClient;

  constructor(client: SqlClient) {
    super(client);
    this.#client = client;
  }

  /** Runs `work` in one transaction, as the client does. */
  async transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    let ofWork: { readonly error: unknown } | undefined;
    try {
      return await this.#client.transaction(async runner => {
        try {
          return await work(new WatchedRunner(runner, this.thrown));
        } catch (error) {
          ofWork = { error };
          throw error;
        }
      });
    } catch (error) {
      // It did not connect, begin or commit.
      if (ofWork?.error !== error) this.noteThrown(error);
      throw error;
    }
  }
}
