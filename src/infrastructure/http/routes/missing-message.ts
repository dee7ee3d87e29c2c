import type { FastifyInstance } from 'fastify';
import type { Role } from '../access/identity.ts';
import { NotFound } from '../http-errors.ts';
import { messageInPath } from '../messages/message-schemas.ts';
import { addRoute } from './route.ts';
import type { Route } from './route.ts';

/** Answers for commands, or queries, that are not there, to who may send those that are. */
export function addMissingMessage(
  server: FastifyInstance,
  {
    method,
    path,
    role,
    kind,
  }: Pick<Route, 'method' | 'path'> & { readonly role: Role; readonly kind: string },
): void {
  addRoute(server, {
    ...{ method, path: `${path}/:name`, role, isHidden: true },
    schema: { summary: `A ${kind} that is not there`, tags: [], params: messageInPath },
    handle: ({ request }) => {
      throw new NotFound(`There is no ${kind} "${(request.params as { name: string }).name.slice(0, 100)}".`);
    },
  });
}
