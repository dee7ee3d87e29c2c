import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { httpFace } from './http-face.ts';
import { InvalidHttpOptions, isLoopbackName, limitsOf } from './http-options.ts';
import type { HttpLimits, HttpOptions } from './http-options.ts';
import { loadPackage } from './load-package.ts';
import { badAddress } from './problem.ts';
import type { ServedApp } from './served-app.ts';

/** Where and how an app is served. */
export interface ServeOptions extends HttpOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default 8011; 0 for any that is free. */
  readonly port?: number | undefined;
  /** Addresses or networks of proxies whose `X-Forwarded-For` is believed, e.g. `10.0.0.0/8`; default: none. */
  readonly proxies?: readonly string[] | undefined;
  /** How long requests under way may take once it closes; default 10 s. Then their connections are cut. */
  readonly drainMs?: number | undefined;
}

/** A server that listens. */
export interface HttpServer extends AsyncDisposable {
  /** E.g. `http://127.0.0.1:8011`. */
  readonly url: string;
  /** The Fastify server. It listens already, and takes no more routes: those go beside `httpFace` in one of yours. */
  readonly fastify: FastifyInstance;
  /** Refuses new requests and lets those under way finish; the app goes on. */
  close(): Promise<void>;
}

// An aggregate id has up to 1,024 bytes, each of which may be written as "%C3" in an address.
const longestParam = 3 * 1_024;
// Shorter than what orchestrators wait before they kill a process.
const usualDrainMs = 10_000;
// As long as the headers of an honest client, with the largest token.
const headerBytes = 16 * 1_024;

/**
 * Serves a running app over HTTP.
 *
 * @throws {InvalidHttpOptions} the options are unsafe, e.g. no tokens beyond this machine
 * @throws {MissingPackage} one of the optional packages is not installed
 */
export async function serveHttp(app: ServedApp, options: ServeOptions): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 8_011, access } = options;
  if (access === 'anonymous' && !isLoopbackName(host)) {
    throw new InvalidHttpOptions(
      `Without tokens only this machine can be served, and "${host}" is reached by others. Give tokens or a loopback host.`,
    );
  }
  const face = httpFace(app, options);
  const server = await newServer(limitsOf(options), options.proxies ?? []);
  const silent = watchSilent(server);
  const close = async (): Promise<void> => drain(server, silent, options.drainMs ?? usualDrainMs);
  const url = await listen(server, face, { host, port }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { url, fastify: server, close, [Symbol.asyncDispose]: close };
}

/* Connections over which nothing has come yet: they would keep the server open, waiting for a request. */
function watchSilent(server: FastifyInstance): () => readonly Socket[] {
  const open = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => [...open].filter(({ bytesRead }) => bytesRead === 0);
}

async function drain(
  server: FastifyInstance,
  silent: () => readonly Socket[],
  drainMs: number,
): Promise<void> {
  const closed = server.close();
  for (const socket of silent()) socket.destroy();
  const cut = setTimeout(() => server.server.closeAllConnections(), drainMs);
  try {
    await closed;
  } finally {
    clearTimeout(cut);
  }
}

async function listen(
  server: FastifyInstance,
  face: FastifyPluginAsync,
  place: { readonly host: string; readonly port: number },
): Promise<string> {
  await server.register(face);
  return server.listen(place);
}

async function newServer(limits: HttpLimits, proxies: readonly string[]): Promise<FastifyInstance> {
  const { fastify } = await loadPackage('fastify', () => import('fastify'));
  const { requestTimeoutMs } = limits;
  const server = fastify({
    // Packages are loaded as the server starts, which takes as long as it takes.
    pluginTimeout: 0,
    bodyLimit: limits.bodyBytes,
    requestTimeout: requestTimeoutMs,
    // Counted from the first byte, so that who sends slowly is told so first.
    handlerTimeout: 2 * requestTimeoutMs,
    http: {
      maxHeaderSize: headerBytes,
      headersTimeout: requestTimeoutMs,
      // Whoever is too slow is found at the next check.
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(requestTimeoutMs / 4)),
    },
    routerOptions: { maxParamLength: longestParam },
    frameworkErrors: (error, _request, reply) => {
      const problem = badAddress(error);
      reply.hijack();
      reply.raw.writeHead(problem.status, { 'content-type': 'application/problem+json' });
      reply.raw.end(JSON.stringify(problem));
    },
    trustProxy: proxies.length === 0 ? false : [...proxies],
    forceCloseConnections: 'idle',
  });
  server.server.maxConnections = limits.connections;
  return server;
}
