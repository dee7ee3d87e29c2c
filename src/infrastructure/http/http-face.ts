import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { anonymousAccess } from './access/anonymous-access.ts';
import { setIdentity } from './access/identity.ts';
import type { Authenticate } from './access/identity.ts';
import { rulesOfRoles } from './access/least-roles.ts';
import { limitRequests } from './access/limit-requests.ts';
import { refuseRepeatedHeaders } from './access/refuse-repeated-headers.ts';
import { tokenAuthentication } from './access/token-authentication.ts';
import { ClientGone } from './client-gone.ts';
import { checkTokenAccess, limitsOf } from './http-options.ts';
import type { HttpLimits, HttpOptions } from './http-options.ts';
import type { LiveServices } from './live/live-feed.ts';
import { LiveStreams } from './live/live-streams.ts';
import { loadPackage } from './load-package.ts';
import { addDocs, beginOpenApi } from './open-api/open-api.ts';
import { nothingHere, problemOf } from './problem.ts';
import type { Problem } from './problem.ts';
import { servedMessages } from './messages/served-messages.ts';
import { addAggregateState } from './routes/aggregate-state.ts';
import { addCommands } from './routes/commands.ts';
import { addConsumers } from './routes/consumers.ts';
import { addHealth } from './routes/health.ts';
import { addMetrics } from './routes/metrics.ts';
import { addPostEvents } from './routes/post-events.ts';
import { addProjections } from './routes/projections.ts';
import { addQueries } from './routes/queries.ts';
import { addProcessing } from './routes/processing.ts';
import { addReadEvents } from './routes/read-events.ts';
import { addStream } from './routes/stream.ts';
import { addWebSocket } from './routes/web-socket.ts';
import type { RouteConfig } from './routes/route.ts';
import type { ServedApp } from './served-app.ts';
import { takeJson } from './take-json.ts';
import { createValidators } from './validators.ts';

const prefixes = ['/api/v1/events', '/events'];

/**
 * A Fastify plugin that serves a running app. `serveHttp` makes a server around it whose limits are safe.
 *
 * Register it at the root: its addresses are fixed.
 *
 * @throws {InvalidHttpOptions} (at once) the options are unsafe or make no sense
 * @throws {InvalidMessageNames} (at once) two commands, or two queries, have the same name
 */
export function httpFace(app: ServedApp, options: HttpOptions): FastifyPluginAsync {
  const { access } = options;
  if (access !== 'anonymous') checkTokenAccess(access);
  const limits = limitsOf(options);
  const messages = servedMessages(app.messages, options.hidden ?? [], app.logger);
  const leastRoles = rulesOfRoles(options.leastRoles ?? {}, messages);
  return async server => {
    const authenticate = access === 'anonymous' ? anonymousAccess : await tokenAuthentication(access);
    const validators = await createValidators();
    server.setValidatorCompiler(definition => validators.compile(definition) as never);
    // Answers are made of checked parts; the schemas describe them.
    server.setSerializerCompiler(() => JSON.stringify);
    answerErrors(server, app);
    await protect(server, limits, options.corsOrigins ?? []);
    refuseRepeatedHeaders(server);
    admit(server, authenticate);
    const hasDocs = options.docs ?? true;
    if (hasDocs) await beginOpenApi(server, options);
    for (const prefix of prefixes) {
      addPostEvents(server, prefix, app, { validators, role: leastRoles.append });
      addProcessing(server, prefix, app);
      addReadEvents(server, prefix, app);
      addAggregateState(server, prefix, app);
    }
    addConsumers(server, app);
    await addLive(server, { app, streams: new LiveStreams(limits), limits }, options);
    addCommands(server, app, messages.commands, { limits, leastRoles: leastRoles.commands });
    addQueries(server, app, messages.queries, { limits, leastRoles: leastRoles.queries });
    addHealth(server, app);
    addProjections(server, app);
    if (options.metrics !== undefined) addMetrics(server, options.metrics);
    if (hasDocs) await addDocs(server, options);
  };
}

async function addLive(
  server: FastifyInstance,
  services: LiveServices,
  { webSockets, corsOrigins = [] }: HttpOptions,
): Promise<void> {
  server.addHook('preClose', async () => services.streams.endAll());
  addStream(server, services);
  if (webSockets === true) await addWebSocket(server, services, corsOrigins);
}

async function protect(
  server: FastifyInstance,
  { requestsPerMinute }: HttpLimits,
  corsOrigins: readonly string[],
): Promise<void> {
  const { default: helmet } = await loadPackage('@fastify/helmet', () => import('@fastify/helmet'));
  const none = ["'none'"];
  const directives = { defaultSrc: none, baseUri: none, formAction: none, frameAncestors: none };
  await server.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives } });
  // Before the limit, so that pages can read that they ask too often.
  if (corsOrigins.length > 0) await allowOrigins(server, corsOrigins);
  await limitRequests(server, requestsPerMinute);
}

async function allowOrigins(server: FastifyInstance, corsOrigins: readonly string[]): Promise<void> {
  const { default: cors } = await loadPackage('@fastify/cors', () => import('@fastify/cors'));
  await server.register(cors, {
    origin: [...corsOrigins],
    exposedHeaders: ['etag', 'location', 'annals-position'],
  });
}

function admit(server: FastifyInstance, authenticate: Authenticate): void {
  takeJson(server);
  server.addHook('onRequest', async request => {
    const { role = 'reader' } = request.routeOptions.config as Partial<RouteConfig>;
    if (role !== 'open') setIdentity(request, await authenticate(request));
  });
}

function answerErrors(server: FastifyInstance, { logger }: ServedApp): void {
  server.setErrorHandler(async (error, request, reply) => {
    const { raw } = request;
    // Who goes away in the middle of a body has it end in an error.
    const isGone = raw.readableAborted;
    const problem = problemOf(isGone ? new ClientGone('The client did not send all of it.') : error);
    if (problem.status >= 500) {
      logger.error('A request failed.', { method: request.method, route: request.routeOptions.url, error });
    }
    await sendProblem(reply, problem);
  });
  server.setNotFoundHandler(async (_request: FastifyRequest, reply) => sendProblem(reply, nothingHere()));
}

async function sendProblem(reply: FastifyReply, problem: Problem): Promise<void> {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.status === 503) reply.header('retry-after', '1');
  await reply.code(problem.status).type('application/problem+json').send(problem);
}
