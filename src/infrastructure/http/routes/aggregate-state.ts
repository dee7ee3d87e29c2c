import type { FastifyInstance } from 'fastify';
import { DeciderAggregate } from '../../../domain/index.ts';
import type { AggregateRoot, AggregateSource } from '../../../domain/index.ts';
import { aggregateClassOf } from '../../../domain/decider.ts';
import { aggregateTypeOf } from '../../../domain/index.ts';
import { VisibleEvents } from '../access/visible-events.ts';
import { etagOf } from '../event-on-wire.ts';
import { NotFound, invalidRequest } from '../http-errors.ts';
import { readTime } from '../read-parameters.ts';
import { aggregateInPath, stateParameters } from '../schemas.ts';
import { stateOnWire } from '../state-on-wire.ts';
import type { ServedApp } from '../served-app.ts';
import type { AggregateParams } from './read-events.ts';
import { addRoute } from './route.ts';
import type { Call } from './route.ts';

interface StateParameters {
  readonly version?: number;
  readonly at?: string;
}

/** Adds the route that tells the state of an aggregate, now or in the past. */
export function addAggregateState(server: FastifyInstance, prefix: string, app: ServedApp): void {
  const sources = new Map(app.aggregates.map(source => [aggregateTypeOf(aggregateClassOf(source)), source]));
  addRoute(server, {
    method: 'GET',
    path: `${prefix}/aggregate/:type/:id/state`,
    role: 'reader',
    schema: {
      ...{ summary: 'The state of an aggregate, now or in the past', tags: ['Events'] },
      ...{ params: aggregateInPath, querystring: stateParameters },
    },
    handle: call => state(app, call, sources),
  });
}

async function state(
  { events, replay }: ServedApp,
  { request, reply, identity }: Call,
  sources: ReadonlyMap<string, AggregateSource>,
): Promise<object> {
  const { type, id } = request.params as AggregateParams;
  const { version, at } = request.query as StateParameters;
  if (version !== undefined && at !== undefined) {
    throw invalidRequest('query/at', 'cannot be given with a version: both say how long ago');
  }
  const source = sources.get(type);
  if (source === undefined) throw new NotFound(`No module here knows the aggregate type "${type}".`);
  const stream = { aggregateType: type, aggregateId: id };
  const bounds = { toVersion: version, until: readTime('at', at) };
  // Folded up to what was looked at, so that nothing comes in that nobody has looked at.
  const toVersion = await new VisibleEvents(events, identity).versionAt(stream, bounds);
  const aggregate = await replay.rebuildAggregate(source, id, { toVersion });
  reply.header('etag', etagOf(toVersion));
  return { aggregate_type: type, aggregate_id: id, version: toVersion, state: stateOf(aggregate) };
}

function stateOf(aggregate: AggregateRoot): unknown {
  return stateOnWire(aggregate instanceof DeciderAggregate ? aggregate.state : Object.assign({}, aggregate));
}
