import { WebSocket } from 'ws';
import type { ClientOptions, RawData } from 'ws';
import type { Json } from './serve.ts';

/** How a WebSocket ended. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket of a client, and what has come over it. */
export interface TestSocket {
  readonly socket: WebSocket;
  readonly messages: readonly Json[];
  /** Resolves when it is closed, or was never open. */
  readonly closed: Promise<Closed>;
  /** Waits until so many events have come; gives them. */
  readonly events: (count: number) => Promise<Json[]>;
}

/** A message that came, which is JSON. */
export function messageOf(data: RawData): Json {
  return JSON.parse((data as Buffer).toString());
}

/** Opens a WebSocket that collects what comes. */
export function openSocket(
  url: string,
  query: string,
  options: ClientOptions & { readonly protocols?: readonly string[] } = {},
): TestSocket {
  const { protocols = [], ...rest } = options;
  const address = `${url.replace('http', 'ws')}/api/v1/ws?${query}`;
  const socket = new WebSocket(address, [...protocols], rest);
  const messages: Json[] = [];
  let arrived = (): void => undefined;
  socket.on('message', data => {
    messages.push(messageOf(data));
    arrived();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<Closed>(resolve =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const events = async (count: number): Promise<Json[]> => {
    for (;;) {
      const found = messages.flatMap(({ event }) => (event === undefined ? [] : [event]));
      if (found.length >= count) return found;
      const isClosed = await Promise.race([
        closed.then(() => true),
        new Promise<boolean>(resolve => (arrived = () => resolve(false))),
      ]);
      if (isClosed) throw new Error(`The socket was closed after ${found.length} of ${count} events.`);
    }
  };
  return { socket, messages, closed, events };
}

/** The status and body with which a WebSocket is refused. */
export async function refusalOf(
  url: string,
  query: string,
  options: Parameters<typeof openSocket>[2] = {},
): Promise<{ readonly status: number; readonly body: Json }> {
  const { socket } = openSocket(url, query, options);
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('It was not refused.')));
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', chunk => (text += String(chunk)));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
        socket.terminate();
      });
    });
  });
}
