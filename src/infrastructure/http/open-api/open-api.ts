import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import type { HttpOptions } from '../http-options.ts';
import { loadPackage } from '../load-package.ts';
import { addRoute } from '../routes/route.ts';
import type { RouteConfig } from '../routes/route.ts';
import { answersOf } from './answers.ts';
import { addExamples } from './examples/add-examples.ts';
import type { DescribedOperation } from './examples/add-examples.ts';
import { ref, sharedSchemas } from './shared-schemas.ts';

const tags = [
  { name: 'Events', description: 'What has happened.' },
  { name: 'Live', description: 'What happens.' },
  { name: 'Commands', description: 'What can be done; those of the app’s modules.' },
  { name: 'Queries', description: 'What can be asked; those of the app’s modules.' },
  { name: 'Consumers', description: 'Services that pull events and answer for each.' },
  { name: 'Operations', description: 'How the app is doing, and what operators do about it.' },
];

// Nothing but its own files, and no other place to send anything to.
const contentSecurityPolicy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');
// Without the bar on top: its picture needs a style that the policy refuses, and its field shows other documents.
const uiConfig = { layout: 'BaseLayout' };

/**
 * Begins the OpenAPI document of a server, to be called before its routes are added.
 *
 * @throws {MissingPackage} `@fastify/swagger` is not installed
 */
export async function beginOpenApi(server: FastifyInstance, { access }: HttpOptions): Promise<void> {
  const { default: swagger } = await loadPackage('@fastify/swagger', () => import('@fastify/swagger'));
  for (const [$id, schema] of Object.entries(sharedSchemas)) server.addSchema({ $id, ...schema });
  const bearer = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } as const;
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Annals',
        version: '1',
        description: 'An app on Annals: its events, commands and queries.',
      },
      tags,
      ...(access === 'anonymous' ? {} : { components: { securitySchemes: { token: bearer } } }),
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => nameOf(json.$id, index) },
    transformObject: document => {
      if ('swaggerObject' in document) return document.swaggerObject;
      finish(document.openapiObject.paths ?? {});
      return document.openapiObject;
    },
    transform: ({ schema, url, route }) => ({
      schema: described(schema, url, route, access),
      url,
    }),
  });
}

/**
 * Serves the document at `/openapi.json`, and Swagger UI at `/docs`.
 *
 * @throws {MissingPackage} `@fastify/swagger-ui` is not installed
 */
export async function addDocs(server: FastifyInstance, { access }: HttpOptions): Promise<void> {
  const { default: swaggerUi } = await loadPackage(
    '@fastify/swagger-ui',
    () => import('@fastify/swagger-ui'),
  );
  // A browser has no token before it is given one here; without tokens only this machine is let in, as everywhere.
  const role = access === 'anonymous' ? 'reader' : 'open';
  addRoute(server, {
    ...{ method: 'GET', path: '/openapi.json', role, isHidden: true },
    schema: { summary: 'This document', tags: ['Operations'] },
    handle: () => server.swagger(),
  });
  server.addHook('onRoute', route => {
    if (route.url.startsWith('/docs'))
      route.config = { ...route.config, role } as NonNullable<RouteOptions['config']>;
  });
  await server.register(swaggerUi, { routePrefix: '/docs', staticCSP: contentSecurityPolicy, uiConfig });
}

function nameOf($id: unknown, index: number): string {
  return typeof $id === 'string' ? $id : `schema-${index}`;
}

interface DescribedBody {
  required?: boolean;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

/* What the library cannot be told. */
function finish(paths: object): void {
  type Described = DescribedOperation & { readonly requestBody?: DescribedBody };
  for (const [path, methods] of Object.entries(paths) as [string, Record<string, Described>][]) {
    for (const [method, operation] of Object.entries(methods)) {
      allowEmptyBody(operation.requestBody);
      addExamples(method, path, operation);
    }
  }
}

/* Where no field has to be given, there need be no body; the library takes every body for needed. */
function allowEmptyBody(body: DescribedBody | undefined): void {
  const schema = body?.content?.['application/json']?.schema as
    { readonly type?: unknown; readonly required?: readonly string[] } | undefined;
  if (body !== undefined && schema?.type === 'object' && !schema.required?.length) body.required = false;
}

/* Other addresses of the same routes would only make it longer. */
function described(
  schema: FastifySchema | undefined,
  url: string,
  { method, config }: RouteOptions,
  access: HttpOptions['access'],
): object {
  if (url === '/events' || url.startsWith('/events/')) return { hide: true };
  const { role = 'reader' } = (config ?? {}) as Partial<RouteConfig>;
  const answers = answersOf(String(method), url) ?? (schema?.response as object | undefined);
  const needsToken = access !== 'anonymous' && role !== 'open';
  return {
    ...schema,
    description: role === 'open' ? 'For everybody.' : `Needs the role \`${role}\`.`,
    response: { ...answers, default: problemAnswer },
    ...(needsToken ? { security: [{ token: [] }] } : {}),
  };
}

const problemAnswer = {
  description: 'Problem details.',
  content: { 'application/problem+json': { schema: ref('Problem') } },
};
