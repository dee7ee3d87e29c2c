import type { SqlClient } from '../../src/infrastructure/postgres/sql-client.ts';

/** The same client, which notes every statement that was answered, and every transaction that was begun. */
export function listingQueries(client: SqlClient, queries: string[]): SqlClient {
  return {
    async run(statement, parameters) {
      const rows = await client.run(statement, parameters);
      queries.push(statement.text);
      return rows;
    },
    runForObjects(text, parameters) {
      queries.push(text);
      return client.runForObjects(text, parameters);
    },
    runScript(text) {
      queries.push(text);
      return client.runScript(text);
    },
    copyOut(query, parameters) {
      queries.push(query);
      return client.copyOut(query, parameters);
    },
    transaction(work) {
      queries.push('begin');
      return client.transaction(work);
    },
    listen: (channel, heard) => client.listen!(channel, heard),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
