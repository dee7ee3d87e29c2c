import type { SqlClient } from './sql-client.ts';
import type { Statements } from './statements.ts';

// A notification costs the server a transaction, though no flush. Where commits come one by one, each is told at once;
// under load one tells of all that was committed meanwhile, and there are at most 200 a second.
const spacingMs = 2;
const spacingUnderLoadMs = 5;

/**
 * Tells other processes what this one has committed, after the commit and apart from it.
 *
 * The first is told at once; what follows closely is told together. At most one call is under way. A call that fails
 * is not repeated: others look for themselves now and then.
 */
export class CommitNotifier {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  #untold: number | undefined;
  #untoldCommits = 0;
  #telling: Promise<void> | undefined;
  #endSpacing: (() => void) | undefined;
  #isClosed = false;

  constructor(client: SqlClient, statements: Statements) {
    this.#client = client;
    this.#statements = statements;
  }

  /** Notes the position of a commit, and sees to it that others hear of it. */
  notify(position: number): void {
    this.#untold = Math.max(this.#untold ?? 0, position);
    this.#untoldCommits++;
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined));
  }

  /** Tells what is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endSpacing?.();
    await this.#telling;
  }

  async #tellAll(): Promise<void> {
    while (this.#untold !== undefined) {
      const position = this.#untold;
      const isUnderLoad = this.#untoldCommits > 1;
      [this.#untold, this.#untoldCommits] = [undefined, 0];
      const statement = this.#statements.get('notify_committed');
      await this.#client.run(statement, [this.#statements.channel, String(position)]).catch(() => undefined);
      if (!this.#isClosed) await this.#space(isUnderLoad ? spacingUnderLoadMs : spacingMs);
    }
  }

  #space(forMs: number): Promise<void> {
    return new Promise(resolve => {
      // A hint is no reason to keep a process alive that has nothing else to do.
      const timer = setTimeout(resolve, forMs).unref();
      this.#endSpacing = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Calls `wake` with the positions that other processes tell of, and with Infinity when some may have been missed. */
export function listenToCommits(
  client: SqlClient,
  statements: Statements,
  wake: (position: number) => void,
): AsyncDisposable {
  return client.listen!(statements.channel, {
    onSignal: payload => wake(/^\d{1,15}$/.test(payload) ? Number(payload) : Infinity),
    onListening: () => wake(Infinity),
  });
}
