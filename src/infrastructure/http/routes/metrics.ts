import type { FastifyInstance } from 'fastify';
import type { MetricsSource } from '../http-options.ts';
import { noParameters } from '../schemas.ts';
import { addRoute } from './route.ts';

/** Adds the route that Prometheus collects from. */
export function addMetrics(server: FastifyInstance, source: MetricsSource): void {
  addRoute(server, {
    ...{ method: 'GET', path: '/metrics', role: 'operator' },
    schema: {
      ...{ summary: 'Measurements, as Prometheus reads them', tags: ['Operations'] },
      querystring: noParameters,
    },
    handle: async ({ reply }) => {
      const text = await source.metrics();
      return reply
        .type('text/plain; version=0.0.4; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(text);
    },
  });
}
