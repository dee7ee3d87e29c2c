import type { SqlClient } from '../../src/infrastructure/postgres/sql-client.ts';

/** A client that counts what is sent through it; disposing it leaves the original open. */
export interface CountingClient {
  readonly client: SqlClient;
  /** Calls of `append_events` outside of transactions. */
  readonly calls: () => number;
  readonly transactions: () => number;
}

/** Counts appends on their way to the server. */
export function counting(client: SqlClient): CountingClient {
  let [calls, transactions] = [0, 0];
  const counted: SqlClient = {
    run: (statement, parameters) => {
      if (statement.name?.includes('append_events') === true) calls++;
      return client.run(statement, parameters);
    },
    runForObjects: (text, parameters) => client.runForObjects(text, parameters),
    runScript: text => client.runScript(text),
    copyOut: (query, parameters) => client.copyOut(query, parameters),
    transaction: work => {
      transactions++;
      return client.transaction(work);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { client: counted, calls: () => calls, transactions: () => transactions };
}
