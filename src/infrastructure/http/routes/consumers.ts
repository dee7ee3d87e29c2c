import type { FastifyInstance } from 'fastify';
import type { ConsumerState, Who } from '../../../application/index.ts';
import { actorOf } from '../access/identity.ts';
import type { Identity } from '../access/identity.ts';
import { requireSeesAll } from '../access/require-sees-all.ts';
import { VisibleEvents } from '../access/visible-events.ts';
import {
  consumerBody,
  consumerInPath,
  discardBody,
  parkedInPath,
  parkedParameters,
  purgeBody,
  removalParameters,
  retryBody,
} from '../consumer-schemas.ts';
import { historyLimit } from '../operations/operation-schemas.ts';
import { operationOnWire } from '../operations/operations-on-wire.ts';
import { deliveryOnWire } from '../processing-on-wire.ts';
import { readTime } from '../read-parameters.ts';
import { noParameters } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addRoute } from './route.ts';
import type { Call, Route } from './route.ts';

interface ConsumerBody {
  readonly from?: 'start' | 'end';
  readonly event_types?: readonly string[] | null;
  readonly aggregate_types?: readonly string[] | null;
  readonly max_attempts?: number;
  readonly reason?: string | null;
}

interface Named {
  readonly name: string;
}

type Handle = (app: ServedApp, call: Call) => unknown;
type Schema = Partial<Route['schema']> & { readonly summary: string };

/** Adds the routes by which operators look after consumers. */
export function addConsumers(server: FastifyInstance, app: ServedApp): void {
  const add = (method: Route['method'], under: string, schema: Schema, handle: Handle): void =>
    addRoute(server, {
      ...{
        method,
        path: `/api/v1/consumers${under}`,
        role: 'operator',
        mayLackBody: schema.body !== undefined,
      },
      schema: { querystring: noParameters, tags: ['Consumers'], ...schema },
      handle: call => {
        requireSeesAll(call.identity);
        return handle(app, call);
      },
    });
  const params = consumerInPath;
  add('GET', '', { summary: 'All consumers, and how far they are' }, list);
  add('GET', '/:name', { summary: 'How far a consumer is', params }, state);
  add('PUT', '/:name', { summary: 'Make a consumer', params, body: consumerBody }, open);
  const ofRemoval = { summary: 'Remove a consumer with all that it knew', params };
  add('DELETE', '/:name', { ...ofRemoval, querystring: removalParameters }, remove);
  const ofPast = { summary: 'What was done to a consumer', params, querystring: historyLimit };
  add('GET', '/:name/history', ofPast, history);
  const ofParked = { summary: 'Events that have failed too often', params, querystring: parkedParameters };
  add('GET', '/:name/parked', ofParked, parked);
  const ofRetry = { summary: 'Try a parked event again', params: parkedInPath, body: retryBody };
  add('POST', '/:name/parked/:id/retry', ofRetry, retry);
  const ofDiscard = { summary: 'Give a parked event up', params: parkedInPath, body: discardBody };
  add('POST', '/:name/parked/:id/discard', ofDiscard, discard);
  const ofPurge = { summary: 'Forget what was told of events that are done', params, body: purgeBody };
  add('POST', '/:name/purge', ofPurge, purge);
}

async function list({ consumers }: ServedApp): Promise<object> {
  return { consumers: (await consumers.list()).map(stateOnWire) };
}

async function state({ consumers }: ServedApp, { request }: Call): Promise<object> {
  return stateOnWire(await consumers.state((request.params as Named).name));
}

async function open({ consumers }: ServedApp, { request, identity }: Call): Promise<object> {
  const { name } = request.params as Named;
  const body = request.body as ConsumerBody;
  await consumers.open(name, {
    from: body.from,
    types: body.event_types ?? undefined,
    aggregateTypes: body.aggregate_types ?? undefined,
    maxAttempts: body.max_attempts,
    ...whoAndWhy(identity, body.reason),
  });
  return stateOnWire(await consumers.state(name));
}

async function remove({ consumers }: ServedApp, { request, reply, identity }: Call): Promise<void> {
  const { reason } = request.query as { readonly reason?: string };
  await consumers.remove((request.params as Named).name, whoAndWhy(identity, reason));
  await reply.code(204).send();
}

async function history({ consumers }: ServedApp, { request }: Call): Promise<object> {
  const { limit } = request.query as { readonly limit: number };
  const operations = await consumers.history((request.params as Named).name, limit);
  return { operations: operations.map(operationOnWire) };
}

async function parked({ consumers }: ServedApp, { request }: Call): Promise<object> {
  const { limit } = request.query as { readonly limit: number };
  const deliveries = await consumers.parked((request.params as Named).name, limit);
  return { events: deliveries.map(deliveryOnWire) };
}

async function retry(app: ServedApp, { request, identity }: Call): Promise<object> {
  const { name, id } = request.params as Named & { readonly id: string };
  const { eventId } = await new VisibleEvents(app.events, identity).get(id);
  const { reason } = request.body as { readonly reason?: string | null };
  return deliveryOnWire(await app.consumers.retry(name, eventId, whoAndWhy(identity, reason)));
}

async function discard(app: ServedApp, { request, identity }: Call): Promise<object> {
  const { name, id } = request.params as Named & { readonly id: string };
  const { eventId } = await new VisibleEvents(app.events, identity).get(id);
  const { reason } = request.body as { readonly reason: string };
  return deliveryOnWire(await app.consumers.discard(name, eventId, { actor: actorOf(identity), reason }));
}

async function purge({ consumers }: ServedApp, { request, identity }: Call): Promise<object> {
  const { before: text, reason } = request.body as {
    readonly before: string;
    readonly reason?: string | null;
  };
  const before = readTime('before', text, 'body')!;
  const who = whoAndWhy(identity, reason);
  return { purged: await consumers.purge((request.params as Named).name, before, who) };
}

function whoAndWhy(identity: Identity, reason: string | null | undefined): Who {
  return { actor: actorOf(identity), reason: reason ?? undefined };
}

function stateOnWire(consumer: ConsumerState): object {
  const { waiting, leased, retrying, parked: parkedEvents } = consumer.open;
  return {
    name: consumer.name,
    event_types: consumer.types ?? null,
    aggregate_types: consumer.aggregateTypes ?? null,
    max_attempts: consumer.maxAttempts,
    start_position: consumer.startPosition,
    read_position: consumer.readPosition,
    checkpoint: consumer.checkpoint,
    open: { waiting, leased, retrying, parked: parkedEvents },
    is_full: consumer.isFull,
    created_at: consumer.createdAt.toISOString(),
  };
}
