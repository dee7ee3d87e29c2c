import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HealthReport } from '../../../application/index.ts';
import { noParameters } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addRoute } from './route.ts';

/** Adds the routes that tell how the app is doing. */
export function addHealth(server: FastifyInstance, { health }: ServedApp): void {
  const tags = ['Operations'];
  addRoute(server, {
    ...{ method: 'GET', path: '/health/live', role: 'open' },
    schema: { summary: 'Whether to let the process be', tags, querystring: noParameters },
    handle: async ({ reply }) => answer(reply, await health.live()),
  });
  addRoute(server, {
    ...{ method: 'GET', path: '/health/ready', role: 'open' },
    schema: { summary: 'Whether to send it work', tags, querystring: noParameters },
    handle: async ({ reply }) => answer(reply, await health.ready()),
  });
  addRoute(server, {
    ...{ method: 'GET', path: '/api/v1/status', role: 'open' },
    schema: { summary: 'What is served here, and how it is doing', tags, querystring: noParameters },
    handle: async () => {
      const { status } = await health.ready();
      const database = status === 'failing' ? 'failing' : 'active';
      return { status, features: { auth: 'active', database, events: database } };
    },
  });
}

/* Who asks without a token learns whether, and not what. */
function answer(reply: FastifyReply, { status, checks }: HealthReport): object {
  reply.code(status === 'failing' ? 503 : 200).header('cache-control', 'no-store');
  return { status, checks: checks.map(check => ({ name: check.name, status: check.status })) };
}
