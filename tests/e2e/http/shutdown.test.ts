import { expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { exchange, open } from './support/raw.ts';
import { serve } from './support/serve.ts';

const head = (length: number): string =>
  `POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
const body = '{"event_type":"a.b","aggregate_type":"a","aggregate_id":"1","payload":{}}';

test('A server that closes finishes what is under way, and takes nothing new', async () => {
  const { server, url, app } = await serve();
  const socket = open(url);
  socket.write(head(body.length) + body.slice(0, 10));
  await eventually(
    'the server has it',
    async () => (await connections(server)) === 1 && socket.bytesWritten > 0,
  );
  await exchange(url, 'GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const closed = server.close();
  const answer = new Promise<string>(resolve => socket.once('data', data => resolve(String(data))));
  socket.write(body.slice(10));
  expect(await answer).toMatch(/ 201 /);
  await closed;
  expect((await app.events.query({})).events).toHaveLength(1);
  await expect(fetch(url)).rejects.toThrow();
});

test('A server that closes waits for nobody who says nothing, and for others no longer than it was told', async () => {
  const { server, url } = await serve({ drainMs: 100 });
  const silent = open(url);
  const slow = open(url);
  slow.write(head(100) + '{');
  await eventually('both are connected', async () => (await connections(server)) === 2);
  await server.close();
  for (const socket of [silent, slow]) await eventually('it is closed', async () => socket.destroyed);
});

async function connections({ fastify }: Awaited<ReturnType<typeof serve>>['server']): Promise<number> {
  return new Promise((resolve, reject) =>
    fastify.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
