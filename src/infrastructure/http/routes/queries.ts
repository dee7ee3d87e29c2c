import type { FastifyInstance } from 'fastify';
import type { Query } from '../../../application/index.ts';
import { actorOf } from '../access/identity.ts';
import type { Role } from '../access/identity.ts';
import { untilGone } from '../client-gone.ts';
import type { HttpLimits } from '../http-options.ts';
import { givenFields } from '../messages/given-fields.ts';
import type { MessageForm } from '../messages/message-form.ts';
import { answered, queryHeaders } from '../messages/message-schemas.ts';
import type { MessageRules } from '../messages/served-messages.ts';
import { noParameters } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addMissingMessage } from './missing-message.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';

const prefix = '/api/v1/queries';
const tags = ['Queries'];

/** Adds two routes for each query: with its fields in the address, or as JSON. */
export function addQueries(
  server: FastifyInstance,
  app: ServedApp,
  queries: ReadonlyMap<string, MessageForm>,
  { limits, leastRoles }: MessageRules,
): void {
  for (const [name, form] of queries) {
    addQuery(server, app, { name, form, limits, role: leastRoles.get(name) ?? 'reader' });
  }
  for (const method of ['GET', 'POST'] as const) {
    addMissingMessage(server, { method, path: prefix, role: 'reader', kind: 'query' });
  }
}

interface ServedQuery {
  readonly name: string;
  readonly form: MessageForm;
  readonly limits: HttpLimits;
  readonly role: Role;
}

function addQuery(server: FastifyInstance, app: ServedApp, served: ServedQuery): void {
  const { name, form, limits, role } = served;
  const path = `${prefix}/${name}`;
  const shared = {
    summary: form.messageClass.name,
    tags,
    headers: queryHeaders,
    response: { 200: answered },
  };
  addRoute(server, {
    ...{ method: 'GET', path, role, describesOnly: 'querystring' },
    schema: { ...shared, operationId: `query-${name}-by-address`, querystring: form.jsonSchema },
    handle: async call => {
      const query = await form.makeFromTexts(givenFields(call.request.query));
      return ask(app, call, query, limits);
    },
  });
  addRoute(server, {
    ...{ method: 'POST', path, role, describesOnly: 'body' },
    schema: {
      ...{ ...shared, operationId: `query-${name}` },
      ...{ body: form.bodySchema, querystring: noParameters },
    },
    handle: async call => {
      const query = await form.make(givenFields(call.request.body));
      return ask(app, call, query, limits);
    },
  });
}

async function ask(
  { queries }: ServedApp,
  { request, reply, identity }: Call,
  query: Query<unknown>,
  { requestTimeoutMs }: HttpLimits,
): Promise<object> {
  const position = (request.headers as { readonly 'annals-position'?: string })['annals-position'];
  const result = await queries.ask(query, {
    ...{ userId: identity.userId, actor: actorOf(identity) },
    ...{ timeoutMs: requestTimeoutMs, signal: untilGone(reply) },
    ...(position === undefined ? {} : { atLeast: { position: Number(position) } }),
  });
  reply.header('cache-control', 'no-store');
  return { result: result ?? null };
}
