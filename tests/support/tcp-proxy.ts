import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** When a connection is cut, as seen from the request that is watched for. */
export type CutMoment = 'within the request' | 'after the request' | 'before the answer';

interface Cut {
  readonly moment: CutMoment;
  readonly marker: string;
  /** Requests that are let through before, of those that have the marker. */
  left: number;
}

/** Stands between a client and PostgreSQL, and cuts a connection at a chosen moment of a chosen request. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #cuts: Cut[] = [];
  /** How often it has cut. */
  cutCount = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Starts a proxy to the server of a `postgres://` url. */
  static async start(targetUrl: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(targetUrl);
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', client => {
      proxy.#connect(client, connect(Number(port), hostname));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** The target's url, by way of this proxy. */
  urlFor(targetUrl: string): string {
    const url = new URL(targetUrl);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /**
   * Cuts the connection of the next request whose bytes contain `marker`; several calls wait in line.
   *
   * - `within the request`: the server gets half of it, and then the end
   * - `after the request`: the server gets all of it, the client only the end
   * - `before the answer`: the same, once the server has answered
   */
  cutNext(moment: CutMoment, marker: string): void {
    this.#cuts.push({ moment, marker, left: 0 });
  }

  /** Cuts the connection of the `count`-th request from now on, whatever it asks for, in place of all cuts in line. */
  cutAfter(count: number, moment: CutMoment): void {
    this.#cuts.splice(0, Infinity, { moment, marker: '', left: count - 1 });
  }

  /** Cuts every connection there is; new ones are let through. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts everything and stops. */
  async close(): Promise<void> {
    this.cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connect(client: Socket, server: Socket): void {
    let isCut = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket.setNoDelay());
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', bytes => {
      if (isCut) return;
      const cut = this.#takeCut(bytes);
      if (cut === undefined) return void server.write(bytes);
      isCut = true;
      this.#cut(cut, bytes, client, server);
    });
    server.on('data', bytes => {
      if (!isCut) client.write(bytes);
    });
    client.on('close', () => isCut || server.destroy());
    server.on('close', () => client.destroy());
  }

  #takeCut(bytes: Buffer): CutMoment | undefined {
    const [next] = this.#cuts;
    if (next === undefined || !bytes.includes(next.marker) || next.left-- > 0) return undefined;
    this.#cuts.shift();
    this.cutCount++;
    return next.moment;
  }

  #cut(moment: CutMoment, bytes: Buffer, client: Socket, server: Socket): void {
    if (moment === 'within the request') {
      client.destroy();
      server.end(bytes.subarray(0, bytes.length >> 1));
      return;
    }
    server.write(bytes);
    // The server ends by itself what it has begun; its answer finds nobody.
    if (moment === 'after the request') client.destroy();
    server.once('data', () => {
      client.destroy();
      server.end();
    });
  }
}
