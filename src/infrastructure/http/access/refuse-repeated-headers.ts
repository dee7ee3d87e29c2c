import type { FastifyInstance } from 'fastify';
import { invalidRequest } from '../http-errors.ts';

// Node keeps the first of some, or joins them, and a proxy may go by the last. Of others a list is refused where one is
// read.
const single = new Set([
  'host',
  'authorization',
  'content-type',
  'origin',
  'last-event-id',
  'idempotency-key',
  'correlation-id',
]);

/** Refuses requests that say twice what can only be said once: who checks and who serves might each believe another. */
export function refuseRepeatedHeaders(server: FastifyInstance): void {
  server.addHook('onRequest', async ({ raw: { rawHeaders } }) => {
    const seen = new Set<string>();
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!.toLowerCase();
      if (!single.has(name)) continue;
      if (seen.has(name)) throw invalidRequest(`header/${name}`, 'must not be repeated');
      seen.add(name);
    }
  });
}
