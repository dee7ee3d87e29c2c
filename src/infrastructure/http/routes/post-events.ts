import type { FastifyInstance } from 'fastify';
import type { Recorded } from '../../../domain/index.ts';
import { StreamVersionConflict } from '../../../application/index.ts';
import type { AppendResult, EventStore } from '../../../application/index.ts';
import { appendAs } from '../access/append-as.ts';
import type { Role } from '../access/identity.ts';
import { etagOf, toWire } from '../event-on-wire.ts';
import { ConditionFailed } from '../http-errors.ts';
import { readPosted } from '../read-posted.ts';
import type { PostedBatch, PostedEvent } from '../read-posted.ts';
import { noParameters, postedBatch, postedEvent } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import type { Validators } from '../validators.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';

/** Adds the route that appends events. */
export function addPostEvents(
  server: FastifyInstance,
  prefix: string,
  app: ServedApp,
  { validators, role }: { readonly validators: Validators; readonly role: Role },
): void {
  const one = validators.forBody(postedEvent);
  const several = validators.forBody(postedBatch);
  addRoute(server, {
    method: 'POST',
    path: prefix,
    role,
    schema: {
      ...{ summary: 'Append one event, or several as one batch: all or none', tags: ['Events'] },
      body: { anyOf: [postedEvent, postedBatch] },
      querystring: noParameters,
    },
    // One of two forms: what is wrong is told of the form that was meant.
    validatorCompiler: definition =>
      definition.httpPart === 'body'
        ? body => (isBatch(body) ? several(body) : one(body))
        : validators.compile(definition),
    handle: call => post(app, call, prefix),
  });
}

function isBatch(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'events' in body;
}

async function post(
  { events }: ServedApp,
  { request, reply, identity }: Call,
  prefix: string,
): Promise<unknown> {
  const posted = readPosted(request.body as PostedEvent | PostedBatch, request.headers, identity);
  const results = await appendAs(identity, events, posted.appends, posted.idempotencyKey).catch(
    (error: unknown) => {
      throw posted.isConditional && error instanceof StreamVersionConflict
        ? new ConditionFailed(error)
        : error;
    },
  );
  const stored = (await Promise.all(results.map(result => readBack(events, result)))).flat();
  const streams = new Set(
    results.map(({ stream }) => JSON.stringify([stream.aggregateType, stream.aggregateId])),
  );
  if (streams.size === 1) reply.header('etag', etagOf(results.at(-1)!.version));
  if (!posted.isBatch) reply.header('location', `${prefix}/${stored[0]!.eventId}`);
  reply.code(results.every(({ repeated }) => repeated) ? 200 : 201);
  return posted.isBatch ? { events: stored.map(toWire) } : toWire(stored[0]!);
}

/* The answer to an append knows neither time nor, of a repetition, what was stored the first time. */
async function readBack(
  store: EventStore,
  { stream, version, eventIds }: AppendResult,
): Promise<readonly Recorded[]> {
  if (eventIds.length === 1) return [(await store.get(eventIds[0]!))!];
  const events: Recorded[] = [];
  const bounds = { fromVersion: version - eventIds.length + 1, toVersion: version };
  for await (const event of store.readStream(stream, bounds)) events.push(event);
  return events;
}
