import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Recorded } from '../../../domain/index.ts';
import { toWire } from '../event-on-wire.ts';
import { openLiveFeed } from '../live/live-feed.ts';
import type { LiveServices } from '../live/live-feed.ts';
import { streamParameters } from '../schemas.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';

/** Adds the route that follows events as they come, as server-sent events. */
export function addStream(server: FastifyInstance, services: LiveServices): void {
  addRoute(server, {
    method: 'GET',
    path: '/api/v1/stream',
    role: 'reader',
    endless: true,
    schema: {
      ...{ summary: 'Follow events as they come, as server-sent events', tags: ['Live'] },
      querystring: streamParameters,
    },
    handle: call => follow(services, call),
  });
}

async function follow(services: LiveServices, call: Call): Promise<unknown> {
  const { request, reply } = call;
  const feed = await openLiveFeed(services, call);
  const blocks = feed.parts({
    event: blockOf,
    position: position => `id: ${position}\n\n`,
    beat: () => ': still here\n\n',
  });
  const body = Readable.from(blocks, { objectMode: true, highWaterMark: 1 });
  // Once the answer has begun there is no other way to say that it failed than to end it.
  body.on('error', () => request.raw.destroy());
  return reply
    .type('text/event-stream')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(body);
}

function blockOf(event: Recorded): string {
  return `id: ${event.position}\ndata: ${JSON.stringify(toWire(event))}\n\n`;
}
