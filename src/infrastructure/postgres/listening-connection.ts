import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Logger } from '../../application/ports/logger.ts';
import { Backoff } from '../../application/subscriptions/backoff.ts';
import { WakeUp } from '../../application/subscriptions/wake-up.ts';
import type { SignalListener } from './sql-client.ts';

const farewellMs = 1_000;

/**
 * A connection of its own that hears what is notified on one channel.
 *
 * - `connecting` → `listening` when the server has taken the LISTEN
 * - `listening` → `pausing` when the connection is lost; `connecting` → `pausing` when it cannot be made
 * - `pausing` → `connecting` after a pause that doubles with each failure
 * - any → `closed` by disposing it
 *
 * While it is not listening, signals are missed; `onListening` tells when that is over.
 */
export class ListeningConnection implements AsyncDisposable {
  readonly #connect: () => pg.Client;
  readonly #channel: string;
  readonly #listener: SignalListener;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #run: Promise<void>;

  /** @param connect - makes a client that is not connected yet */
  constructor(connect: () => pg.Client, channel: string, listener: SignalListener, logger: Logger) {
    this.#connect = connect;
    this.#channel = channel;
    this.#listener = listener;
    this.#logger = logger;
    this.#run = this.#keepListening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#run;
  }

  async #keepListening(): Promise<void> {
    const backoff = new Backoff();
    for (;;) {
      const failure = await this.#listen(() => backoff.reset());
      if (this.#isClosed()) return;
      const retryInMs = backoff.nextMs();
      this.#logger.warn('The connection that hears of commits was lost; until it is back, the store polls.', {
        retryInMs,
        error: failure,
      });
      await new WakeUp().wait(retryInMs, this.#closing.signal);
      if (this.#isClosed()) return;
    }
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /* Ends with what ended the connection. */
  async #listen(onListening: () => void): Promise<unknown> {
    const client = this.#connect();
    const { lost, forget } = whenLost(client, this.#closing.signal);
    client.on('notification', ({ payload }) => this.#listener.onSignal(payload ?? ''));
    try {
      const failure = await Promise.race([lost, this.#begin(client)]);
      if (failure !== undefined) return failure;
      onListening();
      this.#listener.onListening();
      return await lost;
    } catch (error) {
      return error;
    } finally {
      forget();
      await end(client);
    }
  }

  async #begin(client: pg.Client): Promise<undefined> {
    await client.connect();
    await client.query(
      "select set_config('application_name', left(current_setting('application_name'), 55) || ' listen', false)",
    );
    await client.query(`listen ${this.#channel}`);
    return undefined;
  }
}

/* Resolves with the reason; without a listener for its errors, a connection that dies would end the process. */
function whenLost(client: pg.Client, closing: AbortSignal): { lost: Promise<unknown>; forget: () => void } {
  let forget = (): void => undefined;
  const lost = new Promise(resolve => {
    const close = (): void => resolve(closing.reason);
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('The server closed the connection.')));
    closing.addEventListener('abort', close);
    // One closing outlives many connections.
    forget = () => closing.removeEventListener('abort', close);
  });
  return { lost, forget };
}

/* A server that does not answer the farewell is not waited for. */
async function end(client: pg.Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  const timer = setTimeout(() => stream.destroy(), farewellMs);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
  stream.destroy();
}
