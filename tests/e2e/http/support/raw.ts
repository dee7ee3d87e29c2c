import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Opens a connection to a server, to send what no client would. */
export function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  return socket;
}

/** Sends bytes and reads until the server closes, or `isEnough`. */
export async function exchange(
  url: string,
  bytes: string | Buffer,
  isEnough: (answer: string) => boolean = answer => answer.includes('\r\n\r\n'),
): Promise<string> {
  const socket = open(url);
  socket.write(bytes);
  let answer = '';
  try {
    for await (const chunk of socket) {
      answer += String(chunk);
      if (isEnough(answer)) break;
    }
  } catch {
    // Cut off by the server: what was said before counts.
  }
  socket.destroy();
  return answer;
}

/** Stands between a client and a server, and cuts every connection when it is told to. */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** How many connections there were. */
  readonly count: () => number;
  /** How many sockets it has now, two a connection. */
  readonly open: () => number;
  readonly cut: () => void;
}

/** Starts a proxy to a server. */
export async function startCuttingProxy(url: string): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let count = 0;
  const cut = (): void => sockets.forEach(socket => socket.destroy());
  const server = createServer(client => {
    count++;
    const target = open(url);
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target).pipe(client);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    cut();
    await new Promise(resolve => server.close(resolve));
  };
  return {
    ...{ url: `http://127.0.0.1:${port}`, count: () => count, open: () => sockets.size, cut },
    [Symbol.asyncDispose]: close,
  };
}
