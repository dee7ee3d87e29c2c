/** Stops the server that global-setup.mjs has started. */
export default async function tearDown() {
  const server = globalThis.annalsTestServer;
  if (server === undefined) return;
  delete globalThis.annalsTestServer;
  delete process.env.ANNALS_TEST_POSTGRES;
  await server.remove();
}
