import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A connection whose client asks for another protocol than HTTP. */
export interface Upgrade {
  readonly socket: Duplex;
  /** What came after the request already. */
  readonly head: Buffer;
}

/** The sub-protocol that is spoken. */
export const subProtocol = 'annals.v1';
const tokenPrefix = 'annals.bearer.';

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** The connection of a request that asks for another protocol; undefined if it does not. */
export function upgradeOf(request: FastifyRequest): Upgrade | undefined {
  return upgrades.get(request.raw);
}

/**
 * Sends requests for another protocol the way of all others: who they are from, and whether there are too many of
 * them, is found out before anything else is spoken. They can be refused like all others.
 */
export function routeUpgrades(server: FastifyInstance): void {
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return goOnInHttp(server, request, socket, head);
    // Node watches it no more, and an error that nobody listens to would end the process.
    socket.on('error', () => socket.destroy());
    upgrades.set(request, { socket, head });
    takeToken(request);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    server.routing(request, response);
  });
}

/* Some clients offer HTTP/2 with every request. Node reads no further then, so it gets the request once more. */
function goOnInHttp(
  server: FastifyInstance,
  { method = '', url = '', httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = rawHeaders.slice(index, index + 2) as [string, string];
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.server.emit('connection', socket);
}

/* Pages cannot set headers but this one; and an address, unlike it, is written into logs. */
function takeToken({ headers }: IncomingMessage): void {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map(each => each.trim());
  const token = offered.find(each => each.startsWith(tokenPrefix));
  if (token === undefined) return;
  const others = offered.filter(each => !each.startsWith(tokenPrefix));
  if (others.length === 0) delete headers['sec-websocket-protocol'];
  else headers['sec-websocket-protocol'] = others.join(', ');
  headers.authorization ??= `Bearer ${token.slice(tokenPrefix.length)}`;
}
