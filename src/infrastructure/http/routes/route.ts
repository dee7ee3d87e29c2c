import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { identityOf, requireRole } from '../access/identity.ts';
import type { Identity, Role } from '../access/identity.ts';
import type { Validators } from '../validators.ts';

/** A request, who sends it, and what it is answered with. */
export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly identity: Identity;
}

/** What a route takes and answers, and how it is described. */
export interface RouteSchema extends FastifySchema {
  readonly summary: string;
  readonly tags: readonly string[];
  /** What code generators call it. */
  readonly operationId?: string;
}

/** A route: what it is called with, who may call it, and what it answers. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Without a slash at its end; the address with one leads here, too. */
  readonly path: string;
  /** The least role that may call it; `open`: everybody, without a token. */
  readonly role: Role | 'open';
  readonly schema: RouteSchema;
  readonly validatorCompiler?: Validators['compile'] | undefined;
  /** A part of the request that its schema describes, and that is checked elsewhere. */
  readonly describesOnly?: 'body' | 'querystring' | undefined;
  /** Whether no body means an empty object. */
  readonly mayLackBody?: boolean | undefined;
  /** Whether it is left out of the OpenAPI document. */
  readonly isHidden?: boolean | undefined;
  /** Whether it is answered for as long as its caller wants. */
  readonly endless?: boolean | undefined;
  /** Whether HEAD leads here, too; default: where GET does. Not where it would change something. */
  readonly hasHead?: boolean | undefined;
  readonly handle: (call: Call) => unknown;
}

/** What the route of a request asks of who sends it. */
export interface RouteConfig {
  readonly role: Role | 'open';
}

// Fastify lets a route have another time-out than its server, and not none.
const longestTimerMs = 2_147_483_647;

/** Adds a route to a server, under its address with and without a slash at the end. */
export function addRoute(server: FastifyInstance, route: Route): void {
  const { method, path, role, schema, handle, endless, hasHead = true } = route;
  const { isHidden = false, mayLackBody } = route;
  const validatorCompiler = route.validatorCompiler ?? leavingOut(server, route.describesOnly);
  for (const url of [path, `${path}/`]) {
    server.route({
      method,
      url,
      config: { role },
      exposeHeadRoute: hasHead,
      ...(endless === true ? { handlerTimeout: longestTimerMs } : {}),
      ...(mayLackBody === true ? { preValidation: fillBody } : {}),
      schema: { ...schema, hide: isHidden || url !== path },
      ...(validatorCompiler === undefined ? {} : { validatorCompiler: validatorCompiler as never }),
      handler: (request, reply) => handle(callOf(request, reply, role)),
    });
  }
}

async function fillBody(request: { body: unknown }): Promise<void> {
  request.body ??= {};
}

function leavingOut(
  server: FastifyInstance,
  part: Route['describesOnly'],
): Validators['compile'] | undefined {
  if (part === undefined) return undefined;
  const compile = server.validatorCompiler as unknown as Validators['compile'];
  return definition => (definition.httpPart === part ? () => ({}) : compile(definition));
}

const nobody: Identity = { userId: undefined, role: 'reader', seesAll: false, expiresAtMs: undefined };

function callOf(request: FastifyRequest, reply: FastifyReply, role: Role | 'open'): Call {
  if (role === 'open') return { request, reply, identity: nobody };
  const identity = identityOf(request);
  requireRole(identity, role);
  return { request, reply, identity };
}
