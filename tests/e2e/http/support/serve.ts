import { afterEach } from '@jest/globals';
import { createApp, memory, postgres, silentLogger } from 'annals/di';
import type { App, AppOptions } from 'annals/di';
import { serveHttp } from 'annals/http';
import type { HttpServer, ServeOptions } from 'annals/http';
import { onPGlite } from 'annals/testing';
import { bankModule } from '../../../support/bank.ts';
import { administer, postgresUrl, randomSchema } from '../../../support/stores.ts';

// An answer is what the test says it is.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** A served app, and a client of it. */
export interface Served {
  readonly app: App;
  readonly server: HttpServer;
  readonly url: string;
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  readonly get: (path: string, token?: string) => Promise<Answer>;
  readonly post: (path: string, body: unknown, options?: CallOptions) => Promise<Answer>;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  /** JSON, or a text that is sent as it is. */
  readonly body?: unknown;
}

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Serves the bank on a port of its own; ended after the test. */
export async function serve(
  options: Partial<ServeOptions> = {},
  appOptions: Partial<AppOptions> = {},
): Promise<Served> {
  const app = await createApp({
    store: memory(),
    modules: [bankModule],
    logger: silentLogger,
    ...appOptions,
  });
  ends.push(() => app.stop());
  const server = await serveHttp(app, { access: 'anonymous', port: 0, ...options });
  ends.push(() => server.close());
  return { app, server, url: server.url, ...clientOf(server.url) };
}

function clientOf(url: string): Pick<Served, 'call' | 'get' | 'post'> {
  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const { token, headers = {}, body } = options;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    call,
    get: (path, token) => call('GET', path, { token }),
    post: (path, body, options) => call('POST', path, { ...options, body }),
  };
}

/** Every store there is, each with the options of an app that is on it alone. */
export const everyStore: readonly [string, () => Promise<Partial<AppOptions>>][] = [
  ['memory', async () => ({ store: memory() })],
  ['PGlite', async () => ({ store: onPGlite() })],
  [
    'PostgreSQL',
    async () => {
      const schema = randomSchema();
      ends.push(() => administer(`drop schema if exists ${schema} cascade`));
      return { store: postgres(postgresUrl(), { schema }) };
    },
  ],
];
