import type { FastifyRequest } from 'fastify';
import { Forbidden } from '../http-errors.ts';
import { isLoopbackName } from '../http-options.ts';
import type { Authenticate, Identity } from './identity.ts';

const anybody: Identity = { userId: undefined, role: 'admin', seesAll: true, expiresAtMs: undefined };

/** Takes every request of this machine, and none that a page of another site has its browser send. */
export const anonymousAccess: Authenticate = async request => {
  if (!isLoopbackName(request.socket.remoteAddress ?? '')) {
    throw new Forbidden('Without tokens only this machine is served.');
  }
  checkHost(request);
  checkOrigin(request);
  return anybody;
};

/* A name of somebody else's may lead here, to have a page of theirs pass for one of this origin. */
function checkHost(request: FastifyRequest): void {
  if (isLoopbackName(request.hostname)) return;
  throw new Forbidden('Without tokens this is served as "localhost" only.');
}

/* Some requests are sent by browsers without asking first, whatever page wants it. */
function checkOrigin(request: FastifyRequest): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  const isForeign = origin !== undefined && origin !== `${request.protocol}://${request.host}`;
  if (!isForeign && site !== 'cross-site' && site !== 'same-site') return;
  throw new Forbidden('Without tokens pages of other origins are not served.');
}
