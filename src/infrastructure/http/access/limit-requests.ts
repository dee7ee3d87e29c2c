import type { FastifyInstance } from 'fastify';
import { TooManyRequests } from '../http-errors.ts';
import { loadPackage } from '../load-package.ts';

/**
 * Refuses an address that asks too often, whatever it asks for and whether or not it may: who guesses tokens or
 * addresses is counted, too. To be called before anything else that refuses.
 */
export async function limitRequests(server: FastifyInstance, perMinute: number): Promise<void> {
  const { default: rateLimit } = await loadPackage(
    '@fastify/rate-limit',
    () => import('@fastify/rate-limit'),
  );
  if (perMinute === Number.MAX_SAFE_INTEGER) return;
  await server.register(rateLimit, {
    ...{ max: perMinute, timeWindow: 60_000 },
    // By routes it would count only what has one, and that after all other hooks.
    global: false,
    errorResponseBuilder: (_request, { after }) =>
      new TooManyRequests(
        `This address has asked more than ${perMinute} times within a minute. Go on in ${after}.`,
      ),
  });
  server.addHook('onRequest', server.rateLimit());
}
