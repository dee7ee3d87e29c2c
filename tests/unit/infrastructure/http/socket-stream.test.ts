import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { LiveFeed } from '../../../../src/infrastructure/http/live/live-feed.ts';
import { serveSocket } from '../../../../src/infrastructure/http/live/socket-stream.ts';
import { eventually } from '../../../support/eventually.ts';

// More than what the two ends of a connection hold by themselves.
const messages = 600;
const text = 'x'.repeat(100_000);

/* A feed that always has more, and counts what was taken of it. */
function feedOf(taken: { count: number }): LiveFeed {
  const never = new AbortController().signal;
  async function* parts(): AsyncGenerator<never, void> {
    while (taken.count < messages) {
      taken.count++;
      yield text as never;
    }
  }
  return { expired: never, ending: never, parts };
}

test('What a reader does not read is not taken from the feed', async () => {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const taken: { count: number }[] = [];
  sockets.on('connection', socket => {
    const mine = { count: 0 };
    taken.push(mine);
    void serveSocket(socket, feedOf(mine), 60_000);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const slow = new WebSocket(url);
  await new Promise(resolve => slow.once('open', resolve));
  slow.pause();
  const fast = new WebSocket(url);
  let received = 0;
  fast.on('message', () => received++);
  await eventually('the other reader has read everything', async () => received === messages);

  expect(taken.map(({ count }) => count)).toEqual([expect.any(Number), messages]);
  expect(taken[0]!.count).toBeLessThan(messages);
  for (const socket of [slow, fast]) socket.terminate();
  sockets.close();
  await new Promise(resolve => server.close(resolve));
});
