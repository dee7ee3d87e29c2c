import type { FastifyInstance } from 'fastify';
import { defaultConsumer } from '../../../application/index.ts';
import type { CausationNode, EventPage, EventQuery } from '../../../application/index.ts';
import { VisibleEvents } from '../access/visible-events.ts';
import { processedParameters, processingParameters } from '../consumer-schemas.ts';
import { etagOf, toWire } from '../event-on-wire.ts';
import type { EventOnWire } from '../event-on-wire.ts';
import { withProcessing } from '../processing-on-wire.ts';
import { readFilter, readQuery } from '../read-parameters.ts';
import type { FilterParameters, ListParameters } from '../read-parameters.ts';
import {
  aggregateInPath,
  countParameters,
  eventInPath,
  historyParameters,
  listParameters,
  noParameters,
} from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addRoute } from './route.ts';
import type { Call, Route } from './route.ts';

/** An aggregate as an address names it. */
export interface AggregateParams {
  readonly type: string;
  readonly id: string;
}

/** Adds the routes that find and count events. */
export function addReadEvents(server: FastifyInstance, prefix: string, app: ServedApp): void {
  const get = (path: string, schema: Route['schema'], handle: Route['handle']): void =>
    addRoute(server, { method: 'GET', path: `${prefix}${path}`, role: 'reader', schema, handle });
  const tags = ['Events'];
  const ofLists = { ...listParameters, properties: { ...listParameters.properties, ...processedParameters } };
  get('', { summary: 'Find events', tags, querystring: ofLists }, call => list(app, call));
  get('/types', { summary: 'The event types there are', tags, querystring: countParameters }, call =>
    types(app, call),
  );
  get('/stats', { summary: 'Count events by type', tags, querystring: countParameters }, call =>
    stats(app, call),
  );
  const ofOne = { ...noParameters, properties: processingParameters };
  get('/:id', { summary: 'One event', tags, params: eventInPath, querystring: ofOne }, call =>
    one(app, call),
  );
  get(
    '/:id/causation',
    { summary: 'What an event came from and caused', tags, params: eventInPath, querystring: noParameters },
    call => causation(app, call),
  );
  get(
    '/aggregate/:type/:id/history',
    { summary: 'The events of one aggregate', tags, params: aggregateInPath, querystring: historyParameters },
    call => history(app, call),
  );
}

function eventsFor({ events }: ServedApp, { identity }: Call): VisibleEvents {
  return new VisibleEvents(events, identity);
}

interface ProcessedParameters {
  readonly consumer?: string;
  readonly processed?: boolean;
}

async function list(app: ServedApp, call: Call): Promise<object> {
  const parameters = call.request.query as ListParameters & ProcessedParameters;
  const { processed, consumer = processed === undefined ? undefined : defaultConsumer } = parameters;
  const events = eventsFor(app, call);
  if (consumer === undefined) return find(events, parameters);
  const { query, skip } = readQuery(parameters);
  const page =
    processed === undefined
      ? await events.query(query)
      : await app.consumers.find(consumer, { ...events.restrict(query), isProcessed: processed });
  const told = await withProcessing(app.consumers, consumer, page.events.slice(skip), call.identity);
  return { events: told, next_cursor: page.nextCursor ?? null };
}

async function find(
  events: VisibleEvents,
  parameters: ListParameters,
  fixed: EventQuery = {},
): Promise<object> {
  const { query, skip } = readQuery(parameters);
  const page = await events.query({ ...query, ...fixed });
  return { ...onWire(page, skip) };
}

function onWire({ events, nextCursor }: EventPage, skip: number): object {
  return { events: events.slice(skip).map(toWire), next_cursor: nextCursor ?? null };
}

async function types(app: ServedApp, call: Call): Promise<object> {
  const counts = await eventsFor(app, call).countByType(readFilter(call.request.query as FilterParameters));
  const found = Object.entries(counts).map(([type, count]) => ({ event_type: type, count }));
  return { types: found.sort((a, b) => (a.event_type < b.event_type ? -1 : 1)) };
}

async function stats(app: ServedApp, call: Call): Promise<object> {
  const counts = await eventsFor(app, call).countByType(readFilter(call.request.query as FilterParameters));
  return { total: Object.values(counts).reduce((sum, count) => sum + count, 0), by_type: counts };
}

async function one(app: ServedApp, call: Call): Promise<EventOnWire> {
  const { id } = call.request.params as { readonly id: string };
  const { consumer } = call.request.query as ProcessedParameters;
  const event = await eventsFor(app, call).get(id);
  if (consumer === undefined) return toWire(event);
  return (await withProcessing(app.consumers, consumer, [event], call.identity))[0]!;
}

async function causation(app: ServedApp, call: Call): Promise<object> {
  const { id } = call.request.params as { readonly id: string };
  const { roots, ancestors, isComplete } = await eventsFor(app, call).causation(id);
  return { roots: roots.map(nodeOnWire), ancestors: ancestors.map(toWire), is_complete: isComplete };
}

function nodeOnWire({ event, children }: CausationNode): object {
  return { event: toWire(event), children: children.map(nodeOnWire) };
}

async function history(app: ServedApp, call: Call): Promise<object> {
  const { type, id } = call.request.params as AggregateParams;
  const events = eventsFor(app, call);
  // First, and not beside the page: an ETag newer than the events would let somebody write over what they never saw.
  const version = await events.versionOf({ aggregateType: type, aggregateId: id });
  const parameters = call.request.query as ListParameters;
  const page = await find(events, parameters, { aggregateTypes: [type], aggregateId: id });
  if (version !== undefined) call.reply.header('etag', etagOf(version));
  return { aggregate_type: type, aggregate_id: id, ...page };
}
