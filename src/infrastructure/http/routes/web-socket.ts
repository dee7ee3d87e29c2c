import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Forbidden, UpgradeRequired } from '../http-errors.ts';
import { openLiveFeed } from '../live/live-feed.ts';
import type { LiveServices } from '../live/live-feed.ts';
import { closeFailed, serveSocket } from '../live/socket-stream.ts';
import { routeUpgrades, subProtocol, upgradeOf } from '../live/upgrades.ts';
import { loadPackage } from '../load-package.ts';
import { streamParameters } from '../schemas.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';
import type { WebSocketServer } from 'ws';

// Nothing is taken from the other side; to say so, what it sends need not be long.
const longestMessage = 1_024;
// Whoever reads gets the last word at once; nobody waits for the others.
const goodbyeMs = 1_000;

/** Adds the route that follows events as they come, over a WebSocket. @throws {MissingPackage} without `ws` */
export async function addWebSocket(
  server: FastifyInstance,
  services: LiveServices,
  origins: readonly string[],
): Promise<void> {
  const { WebSocketServer } = await loadPackage('ws', () => import('ws'));
  const options = {
    ...{ noServer: true, clientTracking: false, maxPayload: longestMessage, closeTimeout: goodbyeMs },
    // Who asks often and reads nothing would have the answers pile up.
    autoPong: false,
    handleProtocols: (offered: ReadonlySet<string>) => (offered.has(subProtocol) ? subProtocol : false),
  } as const;
  const sockets = new WebSocketServer(options);
  routeUpgrades(server);
  addRoute(server, {
    method: 'GET',
    path: '/api/v1/ws',
    role: 'reader',
    endless: true,
    schema: {
      ...{ summary: 'Follow events as they come, over a WebSocket', tags: ['Live'] },
      querystring: streamParameters,
    },
    handle: call => upgrade(sockets, services, call, origins),
  });
}

async function upgrade(
  sockets: WebSocketServer,
  services: LiveServices,
  call: Call,
  origins: readonly string[],
): Promise<unknown> {
  const { request, reply } = call;
  const asked = upgradeOf(request);
  if (asked === undefined) {
    reply.header('upgrade', 'websocket');
    throw new UpgradeRequired('This address speaks WebSocket only. GET /api/v1/stream is for others.');
  }
  checkOrigin(request, origins);
  const feed = await openLiveFeed(services, call);
  reply.hijack();
  sockets.handleUpgrade(request.raw, asked.socket, asked.head, socket => {
    serveSocket(socket, feed, services.limits.heartBeatMs).catch((error: unknown) => {
      closeFailed(socket);
      services.app.logger.warn('The events of a WebSocket could not be read.', { error });
    });
  });
  return reply;
}

/* Browsers let every page connect to everywhere, and only say where it comes from. */
function checkOrigin({ headers: { origin }, host }: FastifyRequest, origins: readonly string[]): void {
  const isOurs = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
  if (isOurs || origins.includes(origin)) return;
  throw new Forbidden('Pages of this origin may not connect. Add it to corsOrigins if they are to.');
}
