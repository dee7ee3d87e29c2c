import { PostgresServer } from './postgres-server.mjs';

/** Starts one PostgreSQL server for the whole test run, unless ANNALS_TEST_POSTGRES names one. */
export default async function setUp() {
  if (process.env.ANNALS_TEST_POSTGRES) return;
  // Nothing that a test stores outlives the run, so nothing needs to reach the disk.
  const server = await PostgresServer.create({ fsync: 'off' });
  await server.start();
  process.env.ANNALS_TEST_POSTGRES = server.url;
  globalThis.annalsTestServer = server;
}
