import type { FastifyInstance } from 'fastify';
import { actorOf } from '../access/identity.ts';
import { NotFound } from '../http-errors.ts';
import { buildParameter, historyLimit, projectionInPath } from '../operations/operation-schemas.ts';
import type { OperationBody } from '../operations/operation-schemas.ts';
import { operationOnWire, parkedOnWire, statusOnWire } from '../operations/operations-on-wire.ts';
import { verbs } from '../operations/verbs.ts';
import type { Verb } from '../operations/verbs.ts';
import { noParameters } from '../schemas.ts';
import type { ServedApp } from '../served-app.ts';
import { addRoute } from './route.ts';
import type { Call, Route, RouteSchema } from './route.ts';

const prefix = '/api/v1/projections';
const tags = ['Operations'];

/** Adds the routes by which operators watch and run projections. */
export function addProjections(server: FastifyInstance, app: ServedApp): void {
  const { projections } = app;
  const get = (path: string, schema: Omit<RouteSchema, 'tags'>, handle: Route['handle']): void =>
    addRoute(server, {
      ...{ method: 'GET', path, role: 'operator', schema: { ...schema, tags } },
      handle: async call => {
        call.reply.header('cache-control', 'no-store');
        return handle(call);
      },
    });
  get(prefix, { summary: 'How projections are doing', querystring: noParameters }, async () => ({
    projections: (await projections.list()).map(statusOnWire),
  }));
  const one = { params: projectionInPath, querystring: noParameters };
  get(`${prefix}/:name`, { summary: 'The builds of a projection', ...one }, call => builds(app, call));
  const ofPast = { params: projectionInPath, querystring: historyLimit };
  get(`${prefix}/:name/history`, { summary: 'What was done to a projection', ...ofPast }, call =>
    history(app, call, nameIn(call)),
  );
  get(
    '/api/v1/operations',
    { summary: 'What was done to projections and consumers', querystring: historyLimit },
    call => history(app, call),
  );
  const ofParked = { params: projectionInPath, querystring: buildParameter };
  get(`${prefix}/:name/parked`, { summary: 'Keys whose events wait', ...ofParked }, async call => {
    const { build } = call.request.query as Pick<OperationBody, 'build'>;
    return { parked: (await projections.parked(nameIn(call), { build })).map(parkedOnWire) };
  });
  for (const verb of verbs) addVerb(server, app, verb);
}

function addVerb(server: FastifyInstance, { projections }: ServedApp, verb: Verb): void {
  const { path, role, summary, body, status = 200, run } = verb;
  addRoute(server, {
    ...{ method: 'POST', path: `${prefix}/:name/${path}`, role, mayLackBody: true },
    schema: { summary, tags, params: projectionInPath, querystring: noParameters, body },
    handle: async call => {
      const asked = {
        ...{ name: nameIn(call), body: call.request.body as OperationBody },
        actor: actorOf(call.identity),
      };
      const done = await run(projections, asked);
      call.reply.code(status);
      return Object.assign({ projection: asked.name }, done);
    },
  });
}

function nameIn({ request }: Call): string {
  return (request.params as { readonly name: string }).name;
}

async function builds({ projections }: ServedApp, call: Call): Promise<object> {
  const name = nameIn(call);
  const found = (await projections.list()).filter(build => build.name === name);
  if (found.length === 0) throw new NotFound(`There is no projection "${name}".`);
  return { name, builds: found.map(statusOnWire) };
}

async function history({ projections }: ServedApp, { request }: Call, name?: string): Promise<object> {
  const { limit } = request.query as { readonly limit: number };
  return { operations: (await projections.history(name, limit)).map(operationOnWire) };
}
