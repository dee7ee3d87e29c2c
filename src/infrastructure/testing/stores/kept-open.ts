import type { SqlClient } from '../../postgres/sql-client.ts';

/** A client that whoever disposes of it leaves open for the next one. */
export function keptOpen(client: SqlClient): SqlClient {
  return {
    run: (statement, parameters) => client.run(statement, parameters),
    runForObjects: (text, parameters) => client.runForObjects(text, parameters),
    runScript: text => client.runScript(text),
    copyOut: (query, parameters) => client.copyOut(query, parameters),
    transaction: work => client.transaction(work),
    ...(client.listen && { listen: (channel, listener) => client.listen!(channel, listener) }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
